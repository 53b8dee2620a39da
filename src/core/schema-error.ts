import { z } from "zod";
import { errorLine } from "./errors.js";

/** What is wrong with a record that a schema rejects, in one line: the first problem with the name of its member. */
export function recordProblem(error: unknown): string {
  if (!(error instanceof z.ZodError)) return errorLine(error);
  const [{ path, message }] = error.issues;
  const name = path.map(String).join(".") || "the record";
  return errorLine(message.startsWith("must ") ? `${name} ${message}` : `${name}: ${message}`);
}
