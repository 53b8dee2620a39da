import type { Attributes } from "./attributes.js";
import { type Dense, sizeOf } from "./dense.js";

type Rule = (inputs: Dense[], attributes: Attributes) => Dense;

/** Kernel, stride and padding from the attributes of Conv and the pools, for two spatial axes. */
interface Windows {
  kernel: number[];
  strides: number[];
  before: number[];
  after: number[];
}

/** One spatial axis is treated as two, the first of size 1. */
const as2d = (shape: readonly number[]) => [...shape.slice(0, 2), ...leftFilled(shape.slice(2), 1)];
const leftFilled = (values: readonly number[], fill: number) => [
  ...Array<number>(2 - values.length).fill(fill),
  ...values,
];

function windowsOf(attributes: Attributes, rank: number, kernelShape: readonly number[] | null): Windows {
  const axes = rank - 2;
  const fill = (value: number) => Array<number>(axes).fill(value);
  const kernel = attributes.ints("kernel_shape", kernelShape ?? []);
  if (kernel.length !== axes || (kernelShape !== null && kernel.join() !== kernelShape.join()))
    throw new Error(`kernel_shape [${kernel}] does not fit the kernel [${kernelShape}]`);
  const pads = attributes.ints("pads", [...fill(0), ...fill(0)]);
  return {
    kernel: leftFilled(kernel, 1),
    strides: leftFilled(attributes.ints("strides", fill(1)), 1),
    before: leftFilled(pads.slice(0, axes), 0),
    after: leftFilled(pads.slice(axes), 0),
  };
}

const sameRank = (shape: readonly number[], rank: number) => [...shape.slice(0, 2), ...shape.slice(6 - rank)];

/** The number of window positions along each spatial axis. */
const placesOf = ({ kernel, strides, before, after }: Windows, size: readonly number[]) =>
  size.map((dim, i) => Math.floor((dim + before[i] + after[i] - kernel[i]) / strides[i]) + 1);

function conv([x, w, bias]: Dense[], attributes: Attributes): Dense {
  const windows = windowsOf(attributes, x.shape.length, w.shape.slice(2));
  const { kernel, strides, before } = windows;
  const group = attributes.int("group", 1);
  const [batch, inChannels, height, width] = as2d(x.shape);
  const [outChannels, groupChannels] = w.shape;
  if (groupChannels * group !== inChannels || outChannels % group !== 0)
    throw new Error(`${group} groups of w [${w.shape}] do not fit x [${x.shape}]`);
  const [outHeight, outWidth] = placesOf(windows, [height, width]);
  const data: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let out = 0; out < outChannels; out++) {
      const firstChannel = Math.floor(out / (outChannels / group)) * groupChannels;
      for (let i = 0; i < outHeight; i++)
        for (let j = 0; j < outWidth; j++) {
          let sum = bias?.data[out] ?? 0;
          for (let c = 0; c < groupChannels; c++)
            for (let ki = 0; ki < kernel[0]; ki++)
              for (let kj = 0; kj < kernel[1]; kj++) {
                const row = i * strides[0] - before[0] + ki;
                const column = j * strides[1] - before[1] + kj;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                sum +=
                  x.data[((n * inChannels + firstChannel + c) * height + row) * width + column] *
                  w.data[((out * groupChannels + c) * kernel[0] + ki) * kernel[1] + kj];
              }
          data.push(sum);
        }
    }
  return {
    shape: sameRank([batch, outChannels, outHeight, outWidth], x.shape.length),
    data: Float64Array.from(data),
  };
}

/** Every input element adds a copy of the kernel, scaled by it, to the output. w: [inChannels, outChannels, ...kernel]. */
function convTranspose([x, w, bias]: Dense[], attributes: Attributes): Dense {
  const rank = x.shape.length;
  const { kernel, strides, before, after } = windowsOf(attributes, rank, w.shape.slice(2));
  const extra = leftFilled(attributes.ints("output_padding", Array(rank - 2).fill(0)), 0);
  if (attributes.int("group", 1) !== 1 || bias !== undefined) throw new Error("no rule for group or bias");
  if (extra.some((amount, i) => amount >= strides[i]))
    throw new Error("output_padding must be below strides");
  const [batch, inChannels, height, width] = as2d(x.shape);
  const outChannels = w.shape[1];
  const [outHeight, outWidth] = [height, width].map(
    (dim, i) => (dim - 1) * strides[i] + kernel[i] - before[i] - after[i] + extra[i],
  );
  const data = new Float64Array(batch * outChannels * outHeight * outWidth);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < inChannels; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++)
          for (let out = 0; out < outChannels; out++)
            for (let ki = 0; ki < kernel[0]; ki++)
              for (let kj = 0; kj < kernel[1]; kj++) {
                const row = i * strides[0] - before[0] + ki;
                const column = j * strides[1] - before[1] + kj;
                if (row < 0 || row >= outHeight || column < 0 || column >= outWidth) continue;
                data[((n * outChannels + out) * outHeight + row) * outWidth + column] +=
                  x.data[((n * inChannels + c) * height + i) * width + j] *
                  w.data[((c * outChannels + out) * kernel[0] + ki) * kernel[1] + kj];
              }
  return { shape: sameRank([batch, outChannels, outHeight, outWidth], rank), data };
}

/** Applies `reduce` to the elements of every window that are inside the input. */
const pool =
  (reduce: (values: number[]) => number): Rule =>
  ([x], attributes) => {
    const windows = windowsOf(attributes, x.shape.length, null);
    const { kernel, strides, before } = windows;
    const [batch, channels, height, width] = as2d(x.shape);
    const [outHeight, outWidth] = placesOf(windows, [height, width]);
    const data: number[] = [];
    for (let plane = 0; plane < batch * channels; plane++)
      for (let i = 0; i < outHeight; i++)
        for (let j = 0; j < outWidth; j++) {
          const values: number[] = [];
          for (let ki = 0; ki < kernel[0]; ki++)
            for (let kj = 0; kj < kernel[1]; kj++) {
              const row = i * strides[0] - before[0] + ki;
              const column = j * strides[1] - before[1] + kj;
              if (row >= 0 && row < height && column >= 0 && column < width)
                values.push(x.data[(plane * height + row) * width + column]);
            }
          data.push(reduce(values));
        }
    return {
      shape: sameRank([batch, channels, outHeight, outWidth], x.shape.length),
      data: Float64Array.from(data),
    };
  };

const globalPool =
  (reduce: (values: number[]) => number): Rule =>
  ([x]) => {
    const [batch, channels, ...size] = x.shape;
    const planes = Array.from({ length: batch * channels }, (_, plane) => [
      ...x.data.subarray(plane * sizeOf(size), (plane + 1) * sizeOf(size)),
    ]);
    return { shape: [batch, channels, ...size.map(() => 1)], data: Float64Array.from(planes, reduce) };
  };

const greatest = (values: number[]) => Math.max(...values);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const WINDOWS: Record<string, Rule> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool(greatest),
  AveragePool: pool(mean),
  GlobalMaxPool: globalPool(greatest),
  GlobalAveragePool: globalPool(mean),
};
