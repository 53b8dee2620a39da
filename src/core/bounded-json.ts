/** Deepest nesting of lists and objects in a file of timbrel, and more. */
const MAX_DEPTH = 32;

/**
 * Parses JSON from a file that someone else may have made: in a little text, lists of lists or objects of many members
 * ask for much memory and time.
 * @param maxValues largest number of members and entries, all lists and objects taken together
 * @throws SyntaxError if it is not JSON or holds more, or if an object has two members of one name: readers differ in
 *   which they take
 */
export function parseBoundedJson(text: string, maxValues: number): unknown {
  const nNames = countNames(text, maxValues);
  const value: unknown = JSON.parse(text);
  if (nNames !== countMembers(value)) throw new SyntaxError("two members have one name");
  return value;
}

/** Checks the limits, and returns the number of colons outside of strings: of names of members. */
function countNames(text: string, maxValues: number): number {
  let [names, values, depth] = [0, 1, 0];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === ":") names++;
    else if (char === "," || char === "[" || char === "{") values++;
    if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    if (values > maxValues) throw new SyntaxError(`it holds more than ${maxValues} values`);
    if (depth > MAX_DEPTH) throw new SyntaxError(`it is nested more than ${MAX_DEPTH} deep`);
  }
  return names;
}

/** Index of the quote that ends the string that begins at `start`; the end of the text if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Number of members of all objects in a value. */
function countMembers(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    const members: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += members.length;
    for (const member of members) open.push(member);
  }
  return count;
}
