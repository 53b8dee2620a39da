import { writeFileSync } from "node:fs";
import { Random } from "../../src/core/random.js";
import { buildInferenceModel } from "../../src/nn/inference.js";
import { buildTrainingStep, initialState } from "../../src/nn/training-step.js";
import { withSession } from "../../src/runtime/engine.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { stepConfig } from "./training-step.js";

const WARM_UP = 5;

/** Writes the default net with drawn weights as a model that ONNX Runtime runs anywhere. */
export function writeInferenceModel(path: string): void {
  const config = stepConfig("vgg");
  writeFileSync(path, buildInferenceModel(config, initialState(buildTrainingStep(config), new Random(0))));
}

/** Times each run of a model on a batch of random examples [ms]. */
export async function timeInference(
  model: Uint8Array,
  options: { batch: number; threads: number; runs: number },
): Promise<number[]> {
  const { inputShape } = stepConfig("vgg");
  const shape = [options.batch, ...inputShape];
  const random = new Random(0);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  return withSession(nodeEngine({ threads: options.threads }), model, async (session) => {
    const times: number[] = [];
    for (let i = 0; i < options.runs + WARM_UP; i++) {
      const start = performance.now();
      await session.run({ inputs: { data, shape } });
      if (i >= WARM_UP) times.push(performance.now() - start);
    }
    return times;
  });
}
