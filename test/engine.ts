import { nodeEngine } from "../src/runtime/node.js";

/** One thread: tests run side by side. */
export const ENGINE = nodeEngine({ threads: 1 });
