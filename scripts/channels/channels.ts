import { UsageError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import type { Clip } from "../../src/dataset/clip.js";
import { type FeatureData, featuresInMemory } from "../../src/dataset/feature-data.js";
import { compressor } from "../../src/features/compress.js";
import type { FrontEnd } from "../../src/features/front-end.js";

/** What happens to a clip between the instrument and the features. */
export interface Channel {
  /** Deviation of an equalizer's smooth random curve over the mel bands [dB]. */
  readonly equalizerDb?: number;
  /** A random high-pass and a random low-pass, of 1 to 3 dB a band. */
  readonly isBandLimited?: boolean;
  /** Greatest root mean square of the mel magnitudes of white noise, whose level is drawn from the 30 dB below. */
  readonly noise?: number;
  /** Fraction of the clip that is cut off at its start. */
  readonly skip?: number;
}

/** Channels that no clip of the rendered data has been through, by name. */
export const CHANNELS: Readonly<Record<string, Channel>> = {
  "as they are": {},
  "4 dB": { equalizerDb: 4 },
  "8 dB": { equalizerDb: 8 },
  "band limits": { equalizerDb: 5, isBandLimited: true, noise: 0.001 },
  noise: { noise: 0.002 },
  tails: { skip: 0.4 },
};

/** Number of cosines in an equalizer's curve. */
const ORDERS = 8;
/** Fractions of the bands in which a high-pass may end, and a low-pass may begin. */
const [HIGH_PASS_END, LOW_PASS_START] = [20 / 128, 85 / 128];

/** Gain of every band [dB]. */
function drawGains(
  { equalizerDb = 0, isBandLimited = false }: Channel,
  nMels: number,
  random: Random,
): Float64Array {
  const gains = new Float64Array(nMels);
  if (equalizerDb > 0)
    for (let order = 1; order <= ORDERS; order++) {
      const amplitude = (equalizerDb * random.normal()) / Math.sqrt(ORDERS / 2);
      for (let b = 0; b < nMels; b++) gains[b] += amplitude * Math.cos((Math.PI * order * (b + 0.5)) / nMels);
    }
  if (isBandLimited) {
    const [high, highSlope] = [random.uniform(0, HIGH_PASS_END * nMels), random.uniform(1, 3)];
    const [low, lowSlope] = [random.uniform(LOW_PASS_START * nMels, nMels), random.uniform(1, 3)];
    for (let b = 0; b < nMels; b++)
      gains[b] -= highSlope * Math.max(0, high - b) + lowSlope * Math.max(0, b - low);
  }
  return gains;
}

/**
 * Sends compressed mel values through a channel.
 * @param values [nFrames, nMels], compressed by `log10(1 + scale * x)` or `log1p`
 */
export function throughChannel(
  values: Float32Array,
  channel: Channel,
  { frontEnd, random }: { frontEnd: FrontEnd; random: Random },
): Float32Array {
  const { nMels, compression, power } = frontEnd;
  if (compression.kind === "powerToDb")
    throw new UsageError({
      setting: "frontEnd.compression.kind",
      rule: "be log10 or log1p, which have a value for silence",
      got: compression.kind,
      remedy: "extract the features with one of them",
    });
  const expand = compression.kind === "log10" ? (y: number) => 10 ** y - 1 : Math.expm1;
  const compress = compressor(compression);
  const nSkipped = Math.floor((values.length / nMels) * (channel.skip ?? 0)) * nMels;
  const out = new Float32Array(values.length - nSkipped);
  const gains = drawGains(channel, nMels, random).map((db) => 10 ** ((db * power) / 20));
  const noise = channel.noise === undefined ? 0 : channel.noise * 10 ** random.uniform(-1.5, 0);
  const mel = new Float64Array(nMels);
  for (let at = 0; at < out.length; at += nMels) {
    for (let b = 0; b < nMels; b++) {
      // The magnitudes of noise are Rayleigh-distributed, its powers exponentially.
      const magnitude = noise === 0 ? 0 : noise * Math.sqrt(-Math.log(1 - random.uniform()));
      mel[b] = (expand(values[nSkipped + at + b]) / compression.scale) * gains[b] + magnitude ** power;
    }
    compress(mel, out, at);
  }
  return out;
}

/** Clips of the data behind a channel, each drawn from its name: the same for every model. */
export async function clipsBehind(
  data: FeatureData,
  clips: readonly Clip[],
  name: string,
): Promise<FeatureData> {
  const { frontEnd, reader } = data;
  const { nMels } = frontEnd;
  const changed = [];
  for (const clip of clips) {
    const values = new Float32Array(clip.nFrames * nMels);
    await reader.read(clip, 0, clip.nFrames, values, 0);
    const random = new Random(`${name} ${clip.name}`);
    const features = throughChannel(values, CHANNELS[name], { frontEnd, random });
    const { labels, group } = clip;
    changed.push({
      name: clip.name,
      labels,
      group,
      features: { shape: [features.length / nMels, nMels], data: features },
    });
  }
  return featuresInMemory(frontEnd, changed, { name: `${data.name}, ${name}` });
}
