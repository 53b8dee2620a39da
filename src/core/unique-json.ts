/**
 * Parses JSON from a file that someone else may have made.
 * @throws SyntaxError if it is not JSON, or if an object has two members of one name: readers differ in which they take
 */
export function parseUniqueJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (countNames(text) !== countMembers(value)) throw new SyntaxError("two members have one name");
  return value;
}

/** Number of strings with a colon behind them in a JSON text: the names of members. */
function countNames(text: string): number {
  let count = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i)) {
    do i += text[i] === "\\" ? 2 : 1;
    while (text[i] !== '"');
    do i++;
    while (/\s/.test(text[i] ?? ""));
    if (text[i] === ":") count++;
  }
  return count;
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
