/** Red, green and blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

// Nine evenly spaced colours of matplotlib's magma (CC0): equal steps look equal, even in grey and to the colour-blind.
const STOPS: readonly Rgb[] = [
  [0x00, 0x00, 0x04],
  [0x1c, 0x10, 0x44],
  [0x4f, 0x12, 0x7b],
  [0x81, 0x25, 0x81],
  [0xb5, 0x36, 0x7a],
  [0xe5, 0x50, 0x64],
  [0xfb, 0x87, 0x61],
  [0xfe, 0xc2, 0x87],
  [0xfc, 0xfd, 0xbf],
];

/** Maps 0 to black and 1 to pale yellow, linearly between magma's stops; clamps what is outside. */
export function magma(fraction: number): Rgb {
  const place = Math.min(1, Math.max(0, fraction)) * (STOPS.length - 1);
  const stop = Math.min(STOPS.length - 2, Math.floor(place));
  const rest = place - stop;
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(STOPS[stop][channel] * (1 - rest) + STOPS[stop + 1][channel] * rest);
  return [mix(0), mix(1), mix(2)];
}
