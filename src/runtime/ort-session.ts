import type * as Ort from "onnxruntime-common";
import type { Random } from "../core/random.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import { encodeGraph, Graph } from "../graph/index.js";
import type { KeepingSession, KeptTensor, Session } from "./engine.js";
import { Uses } from "./uses.js";

/** A model in ONNX Runtime. */
export class OrtSession implements Session {
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #uses = new Uses("session");

  constructor(ort: typeof Ort, session: Ort.InferenceSession) {
    this.#ort = ort;
    this.#session = session;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Readonly<Record<string, Tensor | KeptTensor>>): Promise<Record<string, Tensor>> {
    return mapValues(await this.runOnDevice(feeds), inMemory);
  }

  /** Draws inputs, uniform in [0, 1), for a trial run; a dimension of any size is 16. */
  drawFeeds(random: Random): Record<string, Tensor> {
    return Object.fromEntries(
      this.#session.inputMetadata.map((input) => {
        const shape = (input.isTensor ? input.shape : []).map((dim) => (typeof dim === "number" ? dim : 16));
        const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform());
        return [input.name, { shape, data }];
      }),
    );
  }

  /** Like `run`, with tensors that may be on the device. */
  async runOnDevice(
    feeds: Readonly<Record<string, Tensor | KeptTensor>>,
  ): Promise<Ort.InferenceSession.ReturnType> {
    const inputs = mapValues(feeds, (tensor) =>
      tensor instanceof DeviceTensor
        ? tensor.tensor
        : new this.#ort.Tensor("float32", (tensor as Tensor).data, tensor.shape),
    );
    return this.#uses.run(() => this.#session.run(inputs));
  }

  async close(): Promise<void> {
    await this.#uses.close(() => this.#session.release());
  }
}

/** A model in ONNX Runtime with results that stay in the memory of the device. */
export class OrtKeepingSession implements KeepingSession {
  readonly #session: OrtSession;
  readonly #openOnDevice: (model: Uint8Array) => Promise<OrtSession>;

  /** @param openOnDevice opens a model on the same device */
  constructor(session: OrtSession, openOnDevice: (model: Uint8Array) => Promise<OrtSession>) {
    this.#session = session;
    this.#openOnDevice = openOnDevice;
  }

  async run(feeds: Readonly<Record<string, Tensor | KeptTensor>>): ReturnType<KeepingSession["run"]> {
    const results = Object.entries(await this.#session.runOnDevice(feeds));
    const isKept = ({ location }: Ort.Tensor) => location !== "cpu";
    return {
      results: Object.fromEntries(
        results.flatMap(([name, tensor]) => (isKept(tensor) ? [] : [[name, inMemory(tensor)]])),
      ),
      kept: Object.fromEntries(
        results.flatMap(([name, tensor]) => (isKept(tensor) ? [[name, new DeviceTensor(tensor)]] : [])),
      ),
    };
  }

  /** Reads them by running a model that returns its inputs: in Node, ONNX Runtime 1.30 offers no other way. */
  async read(tensors: ReadonlyMap<string, Tensor | KeptTensor>): Promise<ReadonlyMap<string, Tensor>> {
    const kept = [...tensors].filter(([, tensor]) => tensor instanceof DeviceTensor);
    if (kept.length === 0) return tensors as ReadonlyMap<string, Tensor>;
    const graph = new Graph();
    kept.forEach(([, { shape }], i) => {
      graph.output(`out${i}`, graph.input(`in${i}`, shape));
    });
    const session = await this.#openOnDevice(encodeGraph(graph));
    try {
      const results = await session.run(Object.fromEntries(kept.map(([, tensor], i) => [`in${i}`, tensor])));
      const read = new Map(kept.map(([name], i) => [name, results[`out${i}`]]));
      return new Map([...tensors].map(([name, tensor]) => [name, read.get(name) ?? (tensor as Tensor)]));
    } finally {
      await session.close();
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/** A tensor in the memory of a device. */
class DeviceTensor implements KeptTensor {
  readonly tensor: Ort.Tensor;

  constructor(tensor: Ort.Tensor) {
    this.tensor = tensor;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  free(): void {
    this.tensor.dispose();
  }
}

function inMemory({ data, dims }: Ort.Tensor): Tensor {
  return { data: data as Float32Array, shape: dims };
}

function mapValues<T, R>(values: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
