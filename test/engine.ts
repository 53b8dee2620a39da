import type { Engine } from "../src/runtime/engine.js";
import { nodeEngine } from "../src/runtime/node.js";

/** An engine with one thread, since test files run in parallel. */
export const ENGINE = nodeEngine({ threads: 1 });

/** `ENGINE`, and the number of models that are open in it. */
export function countingEngine(): { engine: Engine; open(): number } {
  let open = 0;
  const engine: Engine = {
    async open(model) {
      const session = await ENGINE.open(model);
      open++;
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run: (feeds) => session.run(feeds),
        async close() {
          await session.close();
          open--;
        },
      };
    },
  };
  return { engine, open: () => open };
}
