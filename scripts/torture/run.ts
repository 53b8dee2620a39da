import { torture as fullDisk } from "./full-disk.js";
import { torture as kills } from "./kills.js";
import { torture as longFiles } from "./long-files.js";
import { torture as manyClips } from "./many-clips.js";
import { mutations } from "./mutations.js";
import { torture as twoAtOnce } from "./two-at-once.js";

// node dist/scripts/torture/run.js [name...] [--seed <n>]
const ALL = [kills, fullDisk, twoAtOnce, mutations, manyClips, longFiles];

const args = process.argv.slice(2);
const seedAt = args.indexOf("--seed");
const seed = seedAt < 0 ? 1 : Number(args[seedAt + 1]);
const names = seedAt < 0 ? args : args.toSpliced(seedAt, 2);
const unknown = names.find((name) => !ALL.some((torture) => torture.name === name));
if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  console.error(
    `torture: give names among ${ALL.map(({ name }) => `"${name}"`).join(", ")}, and --seed <integer>`,
  );
  process.exit(2);
}

const lines: string[] = [];
let nFaults = 0;
for (const torture of ALL.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const startMs = performance.now();
  const { tried, faults } = await torture.run({
    seed,
    say: (line) => console.log(`${torture.name}: ${line}`),
  });
  for (const fault of faults) console.log(`FAULT  ${fault}`);
  nFaults += faults.length;
  const minutes = (performance.now() - startMs) / 60_000;
  lines.push(`${torture.name}: ${tried} tried, ${faults.length} faults, ${minutes.toFixed(1)} min`);
}
console.log(lines.join("\n"));
process.exitCode = nFaults === 0 ? 0 : 1;
