import type { AudioWarning } from "./warning.js";

/** What is missing of a stream, per channel. */
interface Missing {
  readonly missing: number;
  readonly total: number;
  readonly sampleRate: number;
}

/** How much audio is missing, in words: "0.123 s of 3.000 s of audio is missing". */
export function missingText({ missing, total, sampleRate }: Missing): string {
  const seconds = (n: number) => `${(n / sampleRate).toFixed(3)} s`;
  return missing === 0
    ? "no audio is missing"
    : `${seconds(missing)} of ${seconds(total)} of audio is missing`;
}

/**
 * A warning about damage in the middle of a stream.
 * @param holes number of places, at least 1
 */
export function holesWarning(
  stream: string,
  { holes, ...missing }: Missing & { holes: number },
): AudioWarning {
  const places = holes === 1 ? "1 part" : `${holes} parts`;
  return {
    code: "damaged",
    message: `${places} of the ${stream} stream ${holes === 1 ? "is" : "are"} damaged or missing: ${missingText(missing)}`,
  };
}
