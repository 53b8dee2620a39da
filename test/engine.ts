import { nodeEngine } from "../src/runtime/node.js";

/** An engine with one thread, since test files run in parallel. */
export const ENGINE = nodeEngine({ threads: 1 });
