import { config } from "zod";

/** Keeps zod from trying whether it may compile code from text, which the page's policy forbids and browsers report. */
export function quietZod(): void {
  config({ jitless: true });
}
