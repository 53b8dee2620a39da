import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { labelText } from "../../src/dataset/known-labels.js";
import { scanSource } from "../../src/store/scan.js";
import { makeFolder, writeFiles } from "./files.js";

const README = new URL("../../data/README.md", import.meta.url);

it("the program in data/README.md makes a manifest of OpenMIC's labels that is read as it should be", () => {
  const program = /^```js\n(.*?)^```$/ms.exec(readFileSync(README, "utf8"))![1];
  const dir = makeFolder();
  writeFiles(dir, {
    "openmic-2018-aggregated-labels.csv": [
      "sample_key,instrument,relevance,num_responses",
      "000046_3840,clarinet,0.17105,3",
      "000046_3840,flute,0.0,3",
      "000178_3840,guitar,0.9,3",
      "000178_3840,piano,0.5,3",
      "000178_3840,voice,0.2,3",
      "",
    ].join("\n"),
    "audio/000/000046_3840.ogg": "x",
    "audio/000/000178_3840.ogg": "x",
  });
  execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: dir });
  const { clips, problems } = scanSource(join(dir, "openmic.jsonl"));
  expect(clips.map(labelText)).toEqual(["? without clarinet|flute", "guitar|piano|? without voice"]);
  expect(problems).toEqual([]);
});
