import { expect, it } from "vitest";
import { FRONT_END, makeFolder, NET, timbrel, toneWav, write } from "./cli.js";

const TONES = { low: 200, mid: 700, high: 2000 };

it("takes a manifest with labels that are not known through extract, train and evaluate", async () => {
  const dir = makeFolder();
  const rows = ["path,label,absent,split"];
  for (const [label, hz] of Object.entries(TONES))
    for (let i = 0; i < 10; i++) {
      const name = `audio/${label}${i}.wav`;
      write(dir, name, toneWav(hz * (1 + i / 50), { durationSec: 0.3 }));
      const split = i < 6 ? "train" : i < 8 ? "valid" : "test";
      const absent = label === "low" ? "mid|high" : "low";
      rows.push(`${name},${i % 2 === 0 ? label : `${label}|?`},${i % 2 === 0 ? "" : absent},${split}`);
    }
  write(dir, "nothing.wav", toneWav(3000));
  rows.push("nothing.wav,?,,train");
  write(dir, "manifest.csv", `${rows.join("\n")}\n`);

  const extracted = await timbrel(dir, ["extract", "manifest.csv", "--out", "features", ...FRONT_END]);
  expect(extracted.stderr).toContain("manifest.csv:32: no label of nothing.wav is known");
  // Of the clips of mid and high with a ?, it is not known whether they have the other of the two.
  expect(extracted.stdout).toContain("30 clips of 3 classes");
  expect(extracted.stdout).toContain("10 of 90 answers, one for each clip and class, are not known");
  const trained = await timbrel(dir, ["train", "features", "--out", "run", "--epochs", "1", ...NET]);
  expect(trained.code).toBe(0);
  expect(trained.stdout).toContain(
    "\nmulti-label because 15 of 30 clips have several labels, or some that are not known, e.g. audio/high1.wav: high|? without low\n",
  );
  const { code, stdout } = await timbrel(dir, ["evaluate", "run/model.onnx", "features", "--json"]);
  expect(code).toBe(0);
  const { net } = JSON.parse(stdout) as { net: { perLabel: Record<string, object> } };
  expect(net.perLabel).toMatchObject({
    low: { positives: 2, negatives: 4, unknown: 0 },
    mid: { positives: 2, negatives: 3, unknown: 1 },
    high: { positives: 2, negatives: 3, unknown: 1 },
  });
});
