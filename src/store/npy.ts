import { counted } from "../core/counted.js";
import { DataError } from "../core/errors.js";
import { checkText, toBytes, toTensor } from "../core/inputs.js";
import { sizeOf, type Tensor } from "../core/tensor.js";

/** Length that covers the header of any `.npy` file timbrel writes: enough for `readNpyHeader` [bytes]. */
export const NPY_HEADER_BYTES = 128;

const MAGIC = "\x93NUMPY";

/** Header of a `.npy` file: the shape, and the offset of the values [bytes]. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

function headerText(shape: readonly number[]): string {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims}), }`;
  // 6 bytes of magic, 2 of version, 2 of length, then the text, ended by a line feed: together a multiple of 64.
  return `${fields.padEnd(Math.ceil((10 + fields.length + 1) / 64) * 64 - 11)}\n`;
}

/** Length of the whole `.npy` file of a float32 tensor of this shape [bytes]. */
export function npyByteLength(shape: readonly number[]): number {
  return 10 + headerText(shape).length + 4 * sizeOf(shape);
}

/**
 * Encodes a tensor as a NumPy `.npy` file: format 1.0, little-endian float32, C order.
 *
 * Same as: numpy 1.x and 2.x `numpy.save`, to the byte; test/store/npy.test.ts.
 * Reference: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @example
 * import { writeFileSync } from "node:fs";
 * import { encodeNpy } from "timbrel";
 *
 * const bytes = encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
 * writeFileSync("matrix.npy", bytes); // numpy.load("matrix.npy") reads it
 * console.log(bytes.length); // -> 144
 */
export function encodeNpy(values: Tensor): Uint8Array {
  const { data, shape } = toTensor("values", values);
  const header = npyHeader(shape);
  const bytes = new Uint8Array(header.length + 4 * data.length);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, 4 * data.length), header.length);
  return bytes;
}

/** What precedes the values in the `.npy` file of a float32 tensor; `NPY_HEADER_BYTES` long for one or two dimensions. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const text = headerText(shape);
  const lengthBytes = String.fromCharCode(text.length & 0xff, text.length >> 8);
  return Buffer.from(`${MAGIC}\x01\x00${lengthBytes}${text}`, "latin1");
}

/**
 * Reads the header of a `.npy` file from its first bytes.
 * @throws DataError unless it is a `.npy` file of little-endian float32 in C order
 */
export function readNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < 12 || view.toString("latin1", 0, 6) !== MAGIC)
    throw new DataError(path, "is not a .npy file");
  const textOffset = view[6] === 1 ? 10 : 12; // versions 2 and 3 give the header's length in 4 bytes
  const dataOffset = textOffset + (view[6] === 1 ? view.readUInt16LE(8) : view.readUInt32LE(8));
  const text = view.toString("latin1", textOffset, dataOffset);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortranOrder = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortranOrder === undefined || dims === undefined)
    throw new DataError(path, "has a .npy header that is cut short or unreadable");
  if (descr !== "<f4") throw new DataError(path, `holds '${descr}', not little-endian float32 ('<f4')`);
  if (fortranOrder === "True") throw new DataError(path, "is in Fortran order, not in C order");
  const shape = dims
    .split(",")
    .filter((dim) => dim.trim() !== "")
    .map(Number);
  if (!shape.every(Number.isSafeInteger))
    throw new DataError(
      path,
      `has a .npy header with the shape (${dims.slice(0, 80)}), which is no list of sizes`,
    );
  return { shape, dataOffset };
}

/**
 * Decodes a `.npy` file.
 * @throws DataError unless it is complete and holds little-endian float32 in C order
 * @example
 * import { decodeNpy, encodeNpy } from "timbrel";
 *
 * const bytes = encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
 * const { shape, data } = decodeNpy(bytes, "matrix.npy");
 * console.log(shape, data.join(" ")); // -> [ 2, 2 ] 1 2 3 4
 */
export function decodeNpy(bytes: Uint8Array | ArrayBuffer, path: string): Tensor {
  const file = toBytes("bytes", bytes);
  checkText("path", path);
  const { shape, dataOffset } = readNpyHeader(file, path);
  const expected = dataOffset + 4 * sizeOf(shape);
  if (file.length !== expected)
    throw new DataError(
      path,
      `is ${counted(file.length, "byte")} long, but its shape [${shape.join(", ")}] needs ${expected}`,
    );
  const data = new Float32Array(sizeOf(shape)); // a copy, because the values may be unaligned in the file
  new Uint8Array(data.buffer).set(file.subarray(dataOffset));
  return { data, shape };
}
