import { DataError, UsageError } from "../../src/core/errors.js";
import { Random } from "../../src/core/random.js";
import type { Subject } from "./subjects.js";

/** A proper error. */
const REJECTED = Symbol("rejected");

type Read = () => ReturnType<Subject["read"]>;
type Answer = string | undefined | typeof REJECTED;

/**
 * Damages a file again and again and reads it. Each try must give what the whole file gives, or an error of one line that
 * is the file's or the caller's.
 * @param first number of the first try: a try depends only on the seed, the subject's name and its number
 * @returns a line for each try that went otherwise
 */
export async function mutate(
  { name, file, edits, read }: Subject,
  { seed, first = 0, count }: { seed: number; first?: number; count: number },
): Promise<string[]> {
  const expected = await answerOf(() => read(file));
  const faults: string[] = [];
  for (let n = first; n < first + count; n++) {
    const random = new Random(`${seed}: ${name} ${n}`);
    const bytes = random.pick(edits)(file, random);
    const fault = await faultOf(() => read(bytes), expected);
    if (fault !== null) faults.push(`${name}, try ${n}: ${fault}`);
  }
  return faults;
}

async function faultOf(read: Read, expected: Answer): Promise<string | null> {
  try {
    const answer = await answerOf(read);
    return answer === REJECTED || answer === expected ? null : "another answer";
  } catch (error) {
    return error instanceof Error ? `${error.stack}` : String(error);
  }
}

/** What reading gives, or `REJECTED`. */
async function answerOf(read: Read): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DataError || error instanceof UsageError)) throw error;
    if (/[\n\r]/.test(error.message)) throw new Error(`an error of several lines: ${error.message}`);
    return REJECTED;
  }
}
