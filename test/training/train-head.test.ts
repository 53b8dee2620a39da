import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { Random } from "../../src/core/random.js";
import { evaluateModel } from "../../src/evaluation/evaluate-model.js";
import { neighbourScores } from "../../src/evaluation/neighbour-scores.js";
import { probabilitiesAt } from "../../src/evaluation/temperature.js";
import type { Task } from "../../src/nn/training-step.js";
import { decodeModel, encodeModel, modelIdentity } from "../../src/tagging/model-file.js";
import { type LinearFit, linearFits, linearLoss } from "../../src/training/fit-linear.js";
import { trainHead } from "../../src/training/train-head.js";
import { countingEngine, ENGINE } from "../engine.js";
import { decodeStored, type Stored } from "../nn/stored.js";
import { rejectionOf } from "../store/message-of.js";
import { tinyTrained } from "../tagging/tiny-model.js";
import { makeSound, makeTinyStore, tinyClips } from "./tiny-store.js";

interface Fixture {
  vectors: Stored;
  cases: { task: Task; l2: number; targets: Stored; probabilities: Stored }[];
}
const fixture = JSON.parse(
  readFileSync(new URL("fixtures/sklearn-linear.json", import.meta.url), "utf8"),
) as Fixture;

const rowsOf = (stored: Stored): Float32Array[] => {
  const { data, shape } = decodeStored(stored);
  return Array.from({ length: shape[0] }, (_, i) => data.slice(i * shape[1], (i + 1) * shape[1]));
};
const answer = (task: Task, { weight, bias }: LinearFit, vector: Float32Array): Float64Array => {
  const logits = bias.data.map((value, label) =>
    vector.reduce((sum, each, i) => sum + each * weight.data[label * vector.length + i], value),
  );
  return probabilitiesAt(task, logits, logits.length, 1);
};

async function fitLinear(...args: Parameters<typeof linearFits>): Promise<LinearFit[]> {
  const fits: LinearFit[] = [];
  for await (const fit of linearFits(...args)) fits.push(fit);
  return fits;
}

/** scikit-learn computes in 64 bits, the loss here in 32: its solutions are this exact. */
const TOLERANCE = 1e-3;

describe("linearFits", () => {
  it.each(["single-label", "multi-label"] as const)(
    "equals scikit-learn's logistic regression: %s",
    async (task) => {
      const vectors = rowsOf(fixture.vectors);
      const cases = fixture.cases.filter((each) => each.task === task);
      const targets = rowsOf(cases[0].targets);
      const fits = await fitLinear(
        { vectors, targets },
        { task, l2s: cases.map(({ l2 }) => l2), engine: ENGINE },
      );
      expect(fits.length).toBe(3);
      for (const [k, fit] of fits.entries()) {
        const expected = rowsOf(cases[k].probabilities);
        let loss = 0;
        vectors.forEach((vector, clip) => {
          answer(task, fit, vector).forEach((value, label) => {
            expect(Math.abs(value - expected[clip][label])).toBeLessThan(TOLERANCE);
            const target = targets[clip][label];
            if (task === "multi-label")
              loss -= Math.log(target === 1 ? value : 1 - value) / (vectors.length * 3);
            else if (target === 1) loss -= Math.log(value) / vectors.length;
          });
        });
        expect(linearLoss(fit, { vectors, targets }, task)).toBeCloseTo(loss, 5);
      }
    },
  );

  it("leaves out what is not known", async () => {
    const vectors = rowsOf(fixture.vectors);
    const targets = rowsOf(fixture.cases.find(({ task }) => task === "multi-label")!.targets);
    const known = targets.slice(0, 40);
    const unknown = targets.map((row, i) => (i < 40 ? row : row.map(() => Number.NaN)));
    const options = { task: "multi-label", l2s: [1e-9], engine: ENGINE } as const;
    // Scaling sees every vector, so that only without a penalty the answers are the same.
    const [masked] = await fitLinear({ vectors, targets: unknown }, options);
    const [few] = await fitLinear({ vectors: vectors.slice(0, 40), targets: known }, options);
    expect(linearLoss(masked, { vectors, targets: unknown }, "multi-label")).toBeCloseTo(
      linearLoss(few, { vectors: vectors.slice(0, 40), targets: known }, "multi-label"),
      3,
    );
  });
});

describe("neighbourScores", () => {
  it("is the score of the majority of the k nearest, for the best k", async () => {
    const random = new Random("knn");
    const drawn = (count: number) => {
      const kinds = Array.from({ length: count }, () => random.integer(2));
      const vectors = kinds.map((kind) =>
        Float32Array.from({ length: 4 }, (_, i) => random.normal() + (i === kind ? 1.5 : 0)),
      );
      return { vectors, kinds, targets: kinds.map((kind) => Float32Array.of(1 - kind, kind)) };
    };
    const [train, valid] = [drawn(60), drawn(50)];
    const clips = valid.kinds.map((_, i) => ({ group: `${i}` }));
    const sets = { valid: { labels: ["a", "b"], clips } } as never;
    const found = await neighbourScores({ train, valid }, { task: "single-label", sets, engine: ENGINE });
    const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, each) => sum + each * each, 0));
    const scoreOf = (k: number) => {
      const hits = [0, 1].map((kind) => ({ kind, right: 0, count: 0 }));
      valid.vectors.forEach((vector, clip) => {
        const near = train.vectors
          .map((other, i) => ({
            kind: train.kinds[i],
            similarity:
              other.reduce((sum, each, j) => sum + each * vector[j], 0) / norm(other) / norm(vector),
          }))
          .sort((a, b) => b.similarity - a.similarity)
          .slice(0, k);
        const ranks = [0, 1].map((kind) => near.flatMap((each, rank) => (each.kind === kind ? [rank] : [])));
        const [votes, places] = [
          ranks.map(({ length }) => length),
          ranks.map((all) => all.reduce((a, b) => a + b, 0)),
        ];
        // Of as many votes, those of the nearer neighbours count more.
        const answered = Number(votes[1] > votes[0] || (votes[1] === votes[0] && places[1] < places[0]));
        const hit = hits[valid.kinds[clip]];
        hit.count++;
        if (answered === valid.kinds[clip]) hit.right++;
      });
      return hits.reduce((sum, { right, count }) => sum + right / count / 2, 0);
    };
    expect(found.score).toBeCloseTo(scoreOf(found.k), 9);
    for (const k of [1, 3, 5, 10, 20]) expect(found.score).toBeGreaterThanOrEqual(scoreOf(k));
  });
});

describe("trainHead", () => {
  const from = tinyTrained();
  const renamed = tinyClips().map((clip) => ({
    ...clip,
    labels: [clip.labels[0] === "tone" ? "whistle" : "rumble"],
  }));
  const more = [0, 1, 2, 3].flatMap((i) =>
    (["tone", "hum"] as const).map((sound) => ({
      name: `more ${sound} ${i}`,
      labels: [sound === "tone" ? "whistle" : "rumble"],
      split: i < 2 ? ("train" as const) : ("test" as const),
      wav: encodeWav(makeSound(sound, `more ${i}`)),
    })),
  );

  it("gives a model other labels, which is an ordinary model and answers better than chance", async () => {
    const store = await makeTinyStore([...renamed, ...more]);
    const { engine, open } = countingEngine();
    const started: string[] = [];
    const run = await trainHead(store, from, {
      engine,
      onStart: ({ task }) => started.push(task),
    });
    const { model, l2, neighbours } = run;
    expect([open(), started, l2]).toEqual([0, ["single-label"], 1]);
    expect(model.info).toMatchObject({
      labels: ["rumble", "whistle"],
      epoch: 0,
      start: { model: modelIdentity(from), labels: ["hiss", "hum", "tone"] },
      config: { head: { kind: "linear", l2: 1 }, seed: 1 },
    });
    expect(neighbours.score).toBeGreaterThan(0.5);
    for (const [name, tensor] of from.weights)
      if (!name.startsWith("output")) expect(model.weights.get(name)).toBe(tensor);
    const bytes = encodeModel(model);
    expect(encodeModel(decodeModel(bytes, "m"))).toEqual(bytes);
    const { split, net, leftOut } = await evaluateModel(model, store, { engine });
    expect([split, leftOut, net.nClips]).toEqual(["test", null, 10]);
    expect(net.task === "single-label" && net.balancedAccuracy).toBeGreaterThan(0.7);
  });

  it("names what is wrong with data, settings and embeddings", async () => {
    const store = await makeTinyStore(renamed);
    const head = (options: object, data = store) =>
      rejectionOf(trainHead(data, from, { engine: ENGINE, ...options }));
    expect(await head({ config: { epochs: 3 } })).toBe(
      "config must have no settings but task, seed, validFraction, testFraction, balance, got epochs",
    );
    expect(await head({ config: { seed: 3.5 } })).toBe("seed must be an integer of at least 0, got 3.5");
    expect(await head({ embeddingsOf: async () => [] })).toBe(
      "embeddingsOf must give 15 embeddings for as many clips, got 0",
    );
    expect(await head({ signal: AbortSignal.abort(new Error("stop")) })).toBe("stop");
    expect(
      await head({}, { ...store, frontEndHash: "0", frontEnd: { ...store.frontEnd, fMin: 100 } }),
    ).toContain("data must have the front end of the model that training starts from");
  });
});
