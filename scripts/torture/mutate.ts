import { DataError, UsageError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import type { Subject } from "./subjects.js";

/**
 * Damages a file again and again and reads it. Each try must give what the whole file gives, or an error of one line that
 * is the file's or the caller's.
 * @param first number of the first try: a try depends on its subject's name and its number alone
 * @returns a line for each try that went otherwise
 */
export async function mutate(
  { name, file, edits, read }: Subject,
  { first = 0, count }: { first?: number; count: number },
): Promise<string[]> {
  const expected = await read(file);
  const faults: string[] = [];
  for (let n = first; n < first + count; n++) {
    const random = new Random(`${name} ${n}`);
    const fault = await faultOf(() => read(random.pick(edits)(file, random)), expected);
    if (fault !== null) faults.push(`${name}, try ${n}: ${fault}`);
  }
  return faults;
}

async function faultOf(
  read: () => ReturnType<Subject["read"]>,
  expected: string | undefined,
): Promise<string | null> {
  try {
    return (await read()) === expected ? null : "another answer";
  } catch (error) {
    if (!(error instanceof DataError || error instanceof UsageError))
      return error instanceof Error ? `${error.stack}` : String(error);
    return /[\n\r]/.test(error.message) ? `an error of several lines: ${error.message}` : null;
  }
}
