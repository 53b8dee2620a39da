import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy, npyByteLength } from "../../src/store/npy.js";
import fixture from "../dataset/fixtures/numpy.json" with { type: "json" };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("npy", () => {
  it.each(fixture.npy)(
    "writes what numpy saves for shape $shape, to the byte",
    ({ shape, values, hex: saved }) => {
      expect(hex(encodeNpy({ data: Float32Array.from(values), shape }))).toBe(saved);
      expect(npyByteLength(shape)).toBe(saved.length / 2);
    },
  );
  it.each(fixture.npy)("reads what numpy saves for shape $shape", ({ shape, values, hex: saved }) => {
    // One byte off, because files read into a pool can be unaligned.
    const bytes = Buffer.concat([Buffer.from([0]), Buffer.from(saved, "hex")]).subarray(1);
    expect(decodeNpy(bytes, "x.npy")).toEqual({ data: Float32Array.from(values), shape });
  });
  it("reads format 2.0, whose header length has four bytes", () => {
    const bytes = Buffer.from(encodeNpy({ data: Float32Array.of(5), shape: [1] }));
    const longer = Buffer.concat([
      bytes.subarray(0, 6),
      Buffer.from([2, 0, 118, 0, 0, 0]),
      bytes.subarray(10),
    ]);
    expect(decodeNpy(longer, "x.npy").data).toEqual(Float32Array.of(5));
  });
  it("names the file and what is wrong with it", () => {
    const bytes = Buffer.from(encodeNpy({ data: new Float32Array(6), shape: [2, 3] }));
    const edited = (from: string, to: string) =>
      Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
    const message = (content: Uint8Array) => {
      try {
        decodeNpy(content, "a/x.npy");
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message(Buffer.from("RIFF"))).toBe("a/x.npy: is not a .npy file");
    expect(message(bytes.subarray(0, 40))).toBe("a/x.npy: has a .npy header that is cut short or unreadable");
    expect(message(bytes.subarray(0, -1))).toBe("a/x.npy: is 151 bytes long, but its shape [2, 3] needs 152");
    expect(message(edited("<f4", "<f8"))).toBe("a/x.npy: holds '<f8', not little-endian float32 ('<f4')");
    for (const shape of ["(9999999999999999999999, 3)", "(2 3)", "(1e3)"])
      expect(message(edited("(2, 3), }", `${shape}, }`))).toMatch(/^a\/x\.npy: has a \.npy header /);
    expect(message(edited("False", "True "))).toBe("a/x.npy: is in Fortran order, not in C order");
  });
});
