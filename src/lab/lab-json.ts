/** Placeholder for Infinity while the JSON is made; no text in a lab begins with it. */
const INFINITY = "\u0000Infinity";

/**
 * Encodes the lab's numbers as JSON. Infinity, which a condition number can be, is written as 1e999: valid JSON that
 * parsers of double precision read back as Infinity. NaN is written as null.
 */
export function encodeLabJson(value: object): string {
  const text = JSON.stringify(
    value,
    (_key, member: unknown) => (member === Number.POSITIVE_INFINITY ? INFINITY : member),
    1,
  );
  return `${text.replaceAll(JSON.stringify(INFINITY), "1e999")}\n`;
}
