import { type FrontEnd, silenceValue } from "./front-end.js";

/**
 * Makes log-mel values what they would be if the audio were quieter, in place. What `topDb` raised in the clip stays as far
 * below the clip's greatest value.
 * @param values as `logMel` returns them
 * @param gainDb [dB], at most 0
 * Same as: `logMel` of the audio times 10^(gainDb / 20), within 1e-4 of the values' range; test/features/quieter.test.ts
 */
export function makeQuieter(values: Float32Array, frontEnd: FrontEnd, gainDb: number): void {
  const { compression, power } = frontEnd;
  const gain = 10 ** ((gainDb * power) / 20);
  switch (compression.kind) {
    case "powerToDb": {
      const silence = silenceValue(frontEnd);
      const db = 10 * Math.log10(gain);
      for (let i = 0; i < values.length; i++) values[i] = Math.max(silence, values[i] + db);
      return;
    }
    case "log10":
    case "log1p": {
      // The value is log(1 + scale * mel).
      const base = compression.kind === "log10" ? Math.LN10 : 1;
      for (let i = 0; i < values.length; i++)
        values[i] = Math.log1p(Math.expm1(values[i] * base) * gain) / base;
    }
  }
}
