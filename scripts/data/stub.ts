// Temporary: stands in for src/audio until it lands.
export function resample({ samples, sampleRate }: { samples: Float32Array; sampleRate: number }, to: number) {
  if (sampleRate !== 2 * to) throw new Error("stub");
  const half = 48;
  const h = new Float64Array(2 * half + 1);
  for (let i = -half; i <= half; i++) {
    const x = i * 0.48;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    h[i + half] =
      0.48 * sinc * (0.42 + 0.5 * Math.cos((Math.PI * i) / half) + 0.08 * Math.cos((2 * Math.PI * i) / half));
  }
  const padded = new Float32Array(samples.length + 2 * half);
  padded.set(samples, half);
  const out = new Float32Array(Math.round(samples.length / 2));
  for (let n = 0; n < out.length; n++) {
    let sum = 0;
    for (let k = 0; k < h.length; k++) sum += h[k] * padded[2 * n + k];
    out[n] = sum;
  }
  return { samples: out, sampleRate: to };
}
export function encodeWav({
  samples,
  sampleRate,
}: {
  samples: Float32Array;
  sampleRate: number;
}): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(2 * sampleRate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (let i = 0; i < samples.length; i++)
    bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768))), 44 + 2 * i);
  return bytes;
}
