import { describe, expect, it } from "vitest";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { labBench } from "../../src/lab/bench.js";
import { gradientFlow } from "../../src/lab/gradient-flow.js";
import { landscapePaths } from "../../src/lab/landscape-paths.js";
import type { Engine } from "../../src/runtime/engine.js";
import { Tagger } from "../../src/tagging/tagger.js";
import { trainConfig } from "../../src/training/config.js";
import { findLearningRate } from "../../src/training/find-learning-rate.js";
import { trainLinearBaseline } from "../../src/training/linear-baseline.js";
import { trainModel } from "../../src/training/train-model.js";
import { trainTagger } from "../../src/training/train-tagger.js";
import { ENGINE } from "../engine.js";
import { makeFolder } from "../store/files.js";
import { makeSound, makeTinyStore, TINY_CONFIG } from "./tiny-store.js";

const BROKEN = "the engine is broken";
const store = await makeTinyStore();
const config = { ...TINY_CONFIG, epochs: 2, watch: true };

/** An engine whose `nth` call (from 1) of one kind fails, and a count of its calls and of its sessions left open. */
function failing(kind: "open" | "run" | "none", nth = 0) {
  const count = { open: 0, run: 0, left: 0 };
  const call = (of: "open" | "run") => {
    count[of]++;
    if (of === kind && count[of] === nth) throw new Error(BROKEN);
  };
  const engine: Engine = {
    async open(model) {
      call("open");
      const session = await ENGINE.open(model);
      count.left++;
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        async run(feeds) {
          call("run");
          return await session.run(feeds);
        },
        async close() {
          count.left--;
          await session.close();
        },
      };
    },
  };
  return { engine, count };
}

const trained = trainModel(store, config, { engine: ENGINE });

/** Everything that opens sessions of its own. */
const WORK: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  trainModel: (engine) => trainModel(store, config, { engine }),
  trainTagger: (engine) => trainTagger(store, makeFolder(), { config, engine }),
  trainLinearBaseline: (engine) =>
    trainModel(store, config, {
      engine: ENGINE,
      onStart: async ({ sets, task }) => void (await trainLinearBaseline(sets, { task, seed: 1, engine })),
      onStep: () => {
        throw new Error("only the baseline is wanted");
      },
    }).catch((error: Error) => {
      if (error.message === BROKEN) throw error;
    }),
  evaluateModel: async (engine) => evaluateModel((await trained).model!, store, { engine }),
  findLearningRate: (engine) => findLearningRate(store, trainConfig(config), { engine }),
  Tagger: async (engine) => {
    const tagger = await Tagger.of((await trained).model!, engine);
    return tagger.tagWaveform(makeSound("hum", "x")).finally(() => tagger.close());
  },
  landscapePaths: (engine) => landscapePaths(engine),
  gradientFlow: async (engine) =>
    gradientFlow(await labBench(store, { seed: 1, isQuick: true, engine }), [2]),
};

describe.each(Object.entries(WORK))("%s", (_, work) => {
  it("closes every session that it opened", async () => {
    const { engine, count } = failing("none");
    await work(engine);
    expect(count.open).toBeGreaterThan(0);
    expect(count.left).toBe(0);
  });

  it.each([
    ["open", 1],
    ["open", 2],
    ["open", 3],
    ["run", 1],
    ["run", 2],
    ["run", 17],
  ] as const)("closes them also if the engine fails: %s number %i", async (kind, nth) => {
    const { engine, count } = failing(kind, nth);
    const outcome = await work(engine).then(
      () => "done",
      (error: Error) => error.message,
    );
    expect(outcome).toBe(count[kind] >= nth ? BROKEN : "done");
    expect(count.left).toBe(0);
  });
});
