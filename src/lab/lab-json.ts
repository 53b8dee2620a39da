/** Stands for Infinity while JSON is made; no text of a lab begins so. */
const INFINITY = "\u0000Infinity";

/**
 * JSON of the lab's numbers. Infinity, as a condition number may be, is written as 1e999: valid JSON, which readers of
 * double precision read as Infinity again; NaN is written as null.
 */
export function encodeLabJson(value: object): string {
  const text = JSON.stringify(
    value,
    (_key, member: unknown) => (member === Number.POSITIVE_INFINITY ? INFINITY : member),
    1,
  );
  return `${text.replaceAll(JSON.stringify(INFINITY), "1e999")}\n`;
}
