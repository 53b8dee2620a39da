import type { SegmentLogits } from "../../src/evaluation/temperature.js";
import { decodeStored } from "../nn/stored.js";
import type fixture from "./fixtures/calibration.json";

/** A case of fixtures/calibration.json. */
export type CalibrationCase = (typeof fixture)["cases"][number];

/** The logits and targets of a case, clip by clip. */
export function logitsOf({ task, nLabels, nSegments, logits, targets }: CalibrationCase): SegmentLogits {
  const floats = (data: string) => decodeStored({ shape: [], data }).data;
  const [all, truth] = [floats(logits), floats(targets)];
  let at = 0;
  return {
    task: task as SegmentLogits["task"],
    targets: nSegments.map((_, clip) => truth.subarray(clip * nLabels, (clip + 1) * nLabels)),
    logits: nSegments.map((count) => all.subarray(at * nLabels, (at += count) * nLabels)),
  };
}
