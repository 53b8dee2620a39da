import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write, writeTones } from "./cli.js";

it("a store may grow: its model is scored on what it has not seen, and its run goes on for more epochs", async () => {
  const dir = makeFolder();
  writeTones(join(dir, "audio"), { low: 200, high: 2000 }, 10);
  const extract = () => timbrel(dir, ["extract", "audio", "--out", "features", ...FRONT_END]);
  const train = (...flags: string[]) => timbrel(dir, ["train", "features", "--out", "run", ...flags]);
  expect((await extract()).stdout).not.toContain("the list");
  expect((await train("--epochs", "1", ...NET)).code).toBe(0);

  for (const i of [0, 1, 2]) write(dir, `audio/low/new ${i}.wav`, toneWav(150 + i));
  expect((await extract()).stdout).toContain(
    "\n  3 clips came into the list: evaluate scores a model trained before on every clip that it has not seen, and train --resume goes on without the new ones\n",
  );
  const { code, stdout } = await timbrel(dir, ["evaluate", "run/model.onnx", "features"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^data {3}features, split test: 6 clips\n +6 of 23 clips are scored; left out are\n +14, since the model was trained on them\n +3, since they chose its epoch$/m,
  );

  const resumed = await train("--resume", "--epochs", "2", "--threads", "1");
  expect(resumed.code).toBe(0);
  expect(resumed.stdout).toMatch(/^clips +14 +3 +3 +20$/m);
  expect(resumed.stdout).toMatch(/^3 clips came into the store after the run began and are not used; /m);
  expect(resumed.stdout).toMatch(/^epochs 1 to 1 of 2 are already done$/m);
  expect(resumed.stdout).toMatch(/^2 /m);
  const other = await train("--resume", "--epochs", "3", "--learning-rate", "0.5");
  expect([other.code, other.stderr]).toEqual([
    2,
    "timbrel: --learning-rate must match the run in run, got 0.5; leave it out to resume, or start over with --overwrite\n",
  ]);

  renameSync(join(dir, "audio/low/new 0.wav"), join(dir, "audio/low/renamed.wav"));
  const renamed = (await extract()).stdout;
  expect(renamed).toContain(
    "\n  1 clip came into the list: evaluate scores a model trained before on every clip that it has not seen\n" +
      "  1 clip left the list, which holds the clips of the last source: train --resume needs the clips that a run began with; their features are kept\n",
  );
});
