/** Test signals, by the same formulas as in scripts/fixtures/features.py. */
export type SignalName = "silence" | "noise" | "chirp" | "quiet";

export function signal(name: SignalName, nSamples: number): Float32Array {
  let state = 1;
  const value = (t: number): number => {
    if (name === "silence") return 0;
    if (name === "quiet") return 0.001 * Math.sin(0.07 * t) * Math.exp(-t / 500);
    if (name === "chirp")
      return 0.6 * Math.sin(0.01 * t + 0.00004 * t * t) * (t / nSamples) + 0.2 * Math.sin(0.3 * t);
    state = (state * 25173 + 13849) % 65536;
    return state / 32768 - 1;
  };
  return Float32Array.from({ length: nSamples }, (_, t) => value(t));
}

/** The 32-bit floats of a fixture. */
export function floatsOf(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Float32Array(bytes.buffer);
}
