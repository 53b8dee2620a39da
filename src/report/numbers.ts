const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** A space at which no line ends. */
export const NO_BREAK = "\u00a0";
const DIGITS = 3;
const LARGEST_PLAIN = 99_999;
const SMALLEST_PLAIN = 1e-3;

/** Whether a number was measured and is finite; in JSON, one that was not is null. */
export function isMeasured(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** A number to three digits in plain text: `0.0123`, `1250`, `3.2e-7`, `infinite`. Integers below 100,000 are whole. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : "infinite";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size <= LARGEST_PLAIN) return String(value);
  if (size < SMALLEST_PLAIN || size > LARGEST_PLAIN) {
    const [mantissa, exponent] = value.toExponential(DIGITS - 1).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(DIGITS)));
}

/** The same as a page prints it, on one line: `0.0123`, `1250`, `3.2 × 10⁻⁷`; a dash if it is missing or not finite. */
export function readable(value: number | null | undefined): string {
  if (!isMeasured(value)) return "–";
  const [mantissa, exponent] = threeDigits(value).split("e");
  if (exponent === undefined) return minus(mantissa);
  const power = powerOfTen(Number(exponent));
  return minus(
    mantissa === "1" ? power : mantissa === "-1" ? `-${power}` : `${mantissa}${NO_BREAK}×${NO_BREAK}${power}`,
  );
}

/** The text with every number on one line with its unit: `95 %`, `3 s`, `2.5 points`. */
export function withUnits(text: string): string {
  return text.replace(/(?<=[\d∞]) (?=(?:%|s|ms|min|h|Hz|kHz|dB|points|nat)(?!\w))/g, NO_BREAK);
}

/** `10⁻⁷` for -7. */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** Joins names as `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const minus = (text: string) => text.replace(/^-/, "−");
