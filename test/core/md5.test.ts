import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { md5 } from "../../src/core/md5.js";

it("md5 gives Node's checksum for every length up to three blocks, in pieces of any size", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
    const hash = md5();
    for (let at = 0, piece = 1; at < length; at += piece, piece = ((piece * 5 + length) % 70) + 1)
      hash.update(bytes.subarray(at, at + piece));
    expect(hash.hex()).toBe(createHash("md5").update(bytes).digest("hex"));
  }
});
