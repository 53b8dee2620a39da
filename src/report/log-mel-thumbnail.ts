import { encode } from "fast-png";
import type { Tensor } from "../core/tensor.js";
import { magma } from "./magma.js";

/** Most columns of the picture: of a longer clip, several frames share one. */
const MOST_COLUMNS = 360;
/** Values of a cell; a PNG with a palette is a third as large as one of red, green and blue. */
const N_COLOURS = 64;
const PALETTE = Array.from({ length: N_COLOURS }, (_, i): [number, number, number] => [
  ...magma(i / (N_COLOURS - 1)),
]);

/**
 * Draws a log-mel spectrogram as a small PNG without axes: time to the right, mel bands upwards, from black (the lowest
 * value) to pale yellow (the highest).
 * @param logMel shape [nFrames, nMels], at least one frame
 */
export function logMelThumbnail({ data, shape: [nFrames, nMels] }: Tensor): Uint8Array {
  const framesPerColumn = Math.ceil(nFrames / MOST_COLUMNS);
  const width = Math.ceil(nFrames / framesPerColumn);
  const least = data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = data.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const scale = most > least ? (N_COLOURS - 1) / (most - least) : 0;
  const pixels = new Uint8Array(width * nMels);
  for (let column = 0; column < width; column++) {
    const first = column * framesPerColumn;
    const last = Math.min(nFrames, first + framesPerColumn);
    for (let m = 0; m < nMels; m++) {
      let sum = 0;
      for (let t = first; t < last; t++) sum += data[t * nMels + m];
      pixels[(nMels - 1 - m) * width + column] = Math.round((sum / (last - first) - least) * scale);
    }
  }
  return encode(
    { width, height: nMels, data: pixels, channels: 1, depth: 8, palette: PALETTE },
    { zlib: { level: 9 } },
  );
}
