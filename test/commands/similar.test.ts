import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyModel } from "../tagging/tiny-model.js";
import { makeTinyStore } from "../training/tiny-store.js";
import { FRONT_END, jsonLines, makeFolder, timbrel, write, writeTones } from "./cli.js";

const dir = makeFolder();
beforeAll(async () => {
  const store = await makeTinyStore();
  cpSync(join(store.dir, ".."), dir, { recursive: true });
  write(dir, "m.onnx", tinyModel());
});
const similar = (...args: string[]) =>
  timbrel(dir, ["similar", ...args, "--model", "m.onnx", "--threads", "1"]);

describe("extract --embeddings", () => {
  it("computes the embeddings of what it extracts, if the model has its front end", async () => {
    writeTones(join(dir, "tones"), { low: 200, high: 2000 }, 3);
    const args = ["extract", "tones", "--out", "tones-store", "--embeddings", "m.onnx"];
    const { code, stdout } = await timbrel(dir, [...args, ...FRONT_END]);
    const [name] = readdirSync(join(dir, "tones-store", "embeddings")).filter((each) =>
      each.endsWith(".npy"),
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`\n  embeddings: 24 numbers for each clip, in tones-store/embeddings/${name}\n`);
    expect(readFileSync(join(dir, "tones-store", "embeddings", name)).length).toBe(128 + 4 * 6 * 24);
    const other = await timbrel(dir, [...args, ...FRONT_END, "--f-min", "100"]);
    expect([other.code, other.stderr]).toEqual([
      1,
      "timbrel: m.onnx: has another front end than the one to extract (--f-min 0 there, 100 here); extract with --model m.onnx\n",
    ]);
  });
});

describe("similar", () => {
  it("lists the nearest clips of a store but the file itself, and what their labels say; embeds the store once", async () => {
    const first = await similar("audio/0.wav", "bad.wav", "store", "--top", "3", "--format", "json");
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("embedding 100 % (27/27)\n");
    expect(first.stderr).toContain("timbrel: bad.wav: does not exist\n");
    const [{ file, neighbours, votes }] = jsonLines(first.stdout) as [
      {
        file: string;
        neighbours: { rank: number; similarity: number; labels: string[]; clip: string }[];
        votes: object[];
      },
    ];
    expect([file, neighbours.map(({ rank }) => rank)]).toEqual(["audio/0.wav", [1, 2, 3]]);
    expect(neighbours.map(({ clip }) => clip)).not.toContain("hiss/0.wav");
    expect(neighbours[0].similarity).toBeGreaterThan(neighbours[2].similarity);
    expect(votes[0]).toEqual({ label: "hiss", votes: 3, known: 3 });
    expect(readdirSync(join(dir, "store", "embeddings")).length).toBe(2);
    const csv = await similar("audio/0.wav", "store", "--top", "3", "--format", "csv");
    const lines = neighbours.map(
      ({ rank, similarity, labels, clip }) => `audio/0.wav,${rank},${similarity},${labels[0]},${clip}\n`,
    );
    expect(csv).toEqual({
      code: 0,
      stdout: `file,rank,similarity,labels,clip\n${lines.join("")}`,
      stderr: "",
    });
    const text = await similar("audio/0.wav", "store", "--top", "3");
    expect(text.stdout.split("\n")).toEqual([
      "audio/0.wav",
      "  rank  similarity  labels  clip",
      ...neighbours.map((each) =>
        expect.stringMatching(new RegExp(`^  ${each.rank} .* hiss +${each.clip}$`)),
      ),
      "  their labels: hiss 3 of 3",
      "",
    ]);
  });

  it("says how many clips --doubtful cannot check", async () => {
    writeTones(join(dir, "pair"), { low: 200, high: 2000 }, 2);
    const rows = ["low", "high"].flatMap((label) =>
      readdirSync(join(dir, "pair", label)).map((name) => `pair/${label}/${name},${label},${label}\n`),
    );
    write(dir, "pair.csv", `path,label,group\n${rows.join("")}`);
    await timbrel(dir, ["extract", "pair.csv", "--out", "pair-store", ...FRONT_END]);
    const { stdout, stderr } = await similar("pair-store", "--doubtful", "--format", "json");
    expect(stdout).toBe("");
    expect(stderr).toContain("\n4 clips are not checked: no clip of another group has their labels\n");
  });

  it("lists doubtful clips, and says what is wrong with its arguments", async () => {
    const { code, stdout } = await similar("store", "--doubtful", "--format", "json", "--top", "2");
    expect(code).toBe(0);
    const ranks = stdout === "" ? [] : jsonLines(stdout).map(({ rank }) => rank);
    expect(ranks).toEqual([1, 2].slice(0, ranks.length));
    const errors = await Promise.all([similar("store"), similar("a.wav", "store", "--doubtful")]);
    expect(errors.map((each) => [each.code, each.stderr])).toEqual([
      [
        2,
        "timbrel: audio must name files, and then the store to search, got only store; add --doubtful to check the labels of a store\n",
      ],
      [2, "timbrel: --doubtful must be used with a store alone, got a.wav; leave out one of them\n"],
    ]);
  });
});
