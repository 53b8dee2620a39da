import { counted } from "../core/counted.js";
import { LEAST_CLIPS } from "../evaluation/temperature.js";
import { LEAST_POSITIVES } from "../evaluation/thresholds.js";
import { type Calibration, TEMPERATURES } from "../tagging/calibration.js";
import { threeDigits } from "./numbers.js";
import { percent } from "./table.js";
import { visibleLine } from "./terminal.js";

/** Most labels that a line names. */
const MOST_NAMED = 8;

/** What a calibration did, and how sure it is, in lines of text. */
export function calibrationLines(calibration: Calibration): string[] {
  const { basis, thresholds, validation } = calibration;
  const clips = counted(validation.nClips, "validation clip");
  if (basis === "few clips")
    return [
      `not calibrated: ${clips} cannot say how sure the answers are, ${LEAST_CLIPS} could`,
      ...weightLines(calibration),
      ...(thresholds === null ? [] : [`threshold of every tag: ${percent(sharedOf(calibration))}`]),
      ...unknownLines(calibration),
    ];
  return [
    `calibrated on ${clips}: ${temperatureText(calibration)}`,
    ...weightLines(calibration),
    changeText(validation),
    ...(thresholds === null ? [] : thresholdLines(calibration)),
    ...unknownLines(calibration),
  ];
}

/** How the segments of a file weigh in its answer. Nothing for models of older versions, in which all weigh the same. */
function weightLines({ levelExponent }: Calibration): string[] {
  if (levelExponent === undefined) return [];
  if (levelExponent === 0) return ["all segments of a file weigh the same"];
  return [
    `a segment that is 20 dB quieter weighs ${percent(10 ** -levelExponent)} as much in a file's answer`,
  ];
}

function unknownLines({ unknown, validation }: Calibration): string[] {
  if (unknown === null) return [];
  const { threshold, falseAlarms, basis } = unknown;
  const found = `a sound with a novelty above ${threshold.toFixed(2)} is unknown`;
  if (basis !== undefined)
    return [`${found}: a limit from training clips, too, since there are few validation clips`];
  return [`${found}: ${percent(falseAlarms)} of the ${counted(validation.nClips, "validation clip")} are`];
}

function temperatureText({ temperature, basis }: Calibration): string {
  const found = `temperature ${threeDigits(temperature)}`;
  switch (basis) {
    case "all right":
      return `all answers are right, so that they set no temperature; with one more, answered by chance, it is ${threeDigits(temperature)}`;
    case "limit":
      return temperature === TEMPERATURES.max
        ? `${found}, the highest allowed: the answers are hardly better than chance`
        : `${found}, the lowest allowed: the net is much less sure than it could be`;
    default:
      return found;
  }
}

function changeText({ loss, calibrationError }: Calibration["validation"]): string {
  const [losses, errors] = [loss.map((each) => each.toFixed(3)), calibrationError.map(percent)];
  return `log loss ${losses.join(" -> ")}, calibration error ${errors.join(" -> ")} on these clips`;
}

/** The threshold of labels that share one. */
function sharedOf({ thresholds, sharedThreshold }: Calibration): number {
  return thresholds![sharedThreshold[0]];
}

function thresholdLines(calibration: Calibration): string[] {
  const { thresholds, sharedThreshold } = calibration;
  const isShared = new Set(sharedThreshold);
  const own = Object.entries(thresholds!).flatMap(([label, value]) => (isShared.has(label) ? [] : [value]));
  const range = `, ${percent(Math.min(...own))} to ${percent(Math.max(...own))}`;
  const lines =
    own.length === 0 ? [] : [`thresholds of ${counted(own.length, "tag")} with the highest F1${range}`];
  if (sharedThreshold.length > 0) {
    const named = sharedThreshold.slice(0, MOST_NAMED).map(visibleLine).join(", ");
    const more =
      sharedThreshold.length > MOST_NAMED ? ` and ${sharedThreshold.length - MOST_NAMED} more` : "";
    lines.push(
      `${own.length === 0 ? "threshold " : ""}${percent(sharedOf(calibration))} for ${counted(sharedThreshold.length, "tag")} that fewer than ${LEAST_POSITIVES} validation clips have, or all: ${named}${more}`,
    );
  }
  return lines;
}
