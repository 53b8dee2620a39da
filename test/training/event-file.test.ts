import { expect, it } from "vitest";
import { encodeEvents, scalarsOf } from "../../src/training/event-file.js";
import type { EpochRecord } from "../../src/training/fit.js";
import fixture from "./fixtures/tensorboard-events.json" with { type: "json" };

const history = fixture.history as unknown as EpochRecord[];

it("an event file has the bytes that TensorBoard's own writer gives for the same epochs", () => {
  expect(Buffer.from(encodeEvents(history)).toString("base64")).toBe(fixture.file);
});

it("an event file only grows from epoch to epoch", () => {
  const [none, one, two] = [0, 1, 2].map((n) => Buffer.from(encodeEvents(history.slice(0, n))));
  expect(two.subarray(0, one.length)).toEqual(one);
  expect(one.subarray(0, none.length)).toEqual(none);
});

it("an epoch's scalars are what TensorBoard's reader finds, without missing numbers", () => {
  const seen = new Map<string, number[][]>();
  for (const record of history)
    for (const [name, value] of scalarsOf(record))
      seen.set(name, [...(seen.get(name) ?? []), [record.epoch, Math.fround(value)]]);
  expect(Object.fromEntries(seen)).toEqual(fixture.scalars);
});
