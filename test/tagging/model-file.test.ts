import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { frontEnd, frontEndHash } from "../../src/features/front-end.js";
import {
  modelMetadata,
  readModelInfo,
  trainClipPrefixes,
  wasTrainedOn,
} from "../../src/tagging/model-file.js";
import { TINY_FRONT_END } from "../training/tiny-store.js";
import { tinyInfo, tinyModel } from "./tiny-model.js";

/** The metadata of a tiny model, some members changed. */
function metadataWith(changes: Record<string, unknown>): Record<string, string> {
  const record = JSON.parse(modelMetadata(tinyInfo())["timbrel"]);
  return { timbrel: JSON.stringify({ ...record, ...changes }) };
}

const damaged = (reason: string) => new DataError("m.onnx", `holds damaged model metadata: ${reason}`);

describe("a model file", () => {
  it.each([
    ["log10", TINY_FRONT_END],
    ["powerToDb", frontEnd({ preset: "gct634-2020" })],
  ])("says of itself what was stored, with compression %s", (_name, made) => {
    const info = readModelInfo(
      tinyModel({ metadata: modelMetadata(tinyInfo({ frontEnd: made })) }),
      "m.onnx",
    );
    expect(info).toEqual({ ...tinyInfo({ frontEnd: made }), format: 1, frontEndHash: frontEndHash(made) });
    expect(frontEndHash(info.frontEnd)).toBe(frontEndHash(made));
    expect(Object.isFrozen(info.frontEnd)).toBe(true);
  });

  it("is refused where it is no ONNX model", () => {
    expect(() => readModelInfo(new Uint8Array(0), "m.onnx")).toThrow(
      new DataError("m.onnx", "is not an ONNX model: it holds no graph"),
    );
    expect(() => readModelInfo(new TextEncoder().encode("RIFF....WAVEfmt "), "m.onnx")).toThrow(
      /^m\.onnx: is not an ONNX model/,
    );
    const bytes = tinyModel();
    expect(() => readModelInfo(bytes.subarray(0, bytes.length - 3), "m.onnx")).toThrow(
      /^m\.onnx: is not an ONNX model \(.+\)$/,
    );
  });

  it("is refused where it is another's ONNX model", () => {
    expect(() => readModelInfo(tinyModel({ metadata: { author: "someone" } }), "m.onnx")).toThrow(
      new DataError(
        "m.onnx",
        "is an ONNX model but not one of timbrel: its metadata hold no labels and no front end",
      ),
    );
  });

  it("is refused where its front end was tampered with", () => {
    const metadata = metadataWith({ frontEnd: { ...TINY_FRONT_END, fMin: 30 } });
    expect(() => readModelInfo(tinyModel({ metadata }), "m.onnx")).toThrow(
      damaged("the front end does not fit its hash"),
    );
  });

  it.each([
    [{ format: 2 }, /format/],
    [{ labels: [] }, /labels/],
    [{ labels: "piano" }, /labels/],
    [{ segmentFrames: 0 }, /segmentFrames/],
    [{ frontEnd: { ...TINY_FRONT_END, compression: { kind: "mu-law" } } }, /compression/],
    [{ frontEnd: { ...TINY_FRONT_END, nMels: -1 } }, /nMels must be an integer from 1 to 4096/],
    [{ frontEnd: { ...TINY_FRONT_END, extra: 1 } }, /got extra/],
  ])("is refused on one line that names the member: %j", (changes, member) => {
    const bytes = tinyModel({ metadata: metadataWith(changes) });
    let message = "";
    try {
      readModelInfo(bytes, "m.onnx");
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      message = (error as Error).message;
    }
    expect(message).toMatch(/^m\.onnx: holds damaged model metadata: /);
    expect(message).toMatch(member);
    expect(message).not.toContain("\n");
  });

  it("is refused where its metadata are no JSON", () => {
    expect(() => readModelInfo(tinyModel({ metadata: { timbrel: "{" } }), "m.onnx")).toThrow(
      /^m\.onnx: holds damaged model metadata: .*JSON/,
    );
  });

  it("knows the clips it was trained on", () => {
    const hashes = ["a", "b", "c"].map((digit) => digit.repeat(64));
    const trainClips = trainClipPrefixes([hashes[1], hashes[0], hashes[1]]);
    expect(trainClips).toBe(`${"a".repeat(10)}${"b".repeat(10)}`);
    const info = readModelInfo(tinyModel({ metadata: modelMetadata(tinyInfo({ trainClips })) }), "m.onnx");
    expect(hashes.map(wasTrainedOn(info))).toEqual([true, true, false]);
  });
});
