import { CHORD_LABELS, type Compass, PROGRAMS } from "./labels.js";
import type { ClipPlan } from "./plan.js";
import { SYNTHESES } from "./synthesized.js";

/** The compass of a clip's source; a drum has one key. */
export function compassOf({ source, label }: ClipPlan): Compass {
  const synthesis = SYNTHESES.get(source.font);
  if (synthesis !== undefined) return synthesis.compassOf(source.program);
  const playsChords = CHORD_LABELS.has(label);
  if (source.drumKey !== null) return { label, playsChords, low: source.drumKey, high: source.drumKey };
  const { lowKey, highKey } = PROGRAMS.get(source.program)!;
  return { label, playsChords, low: lowKey, high: highKey };
}

/** The key at a position of the compass, `pitch` in [0, 1). */
export function keyAt({ low, high }: Compass, pitch: number): number {
  return low + Math.min(high - low, Math.floor(pitch * (high - low + 1)));
}
