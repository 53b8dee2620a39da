import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeAudio } from "../../src/audio/decode.js";
import { nodeEngine } from "../../src/runtime/node.js";
import { makeArtifacts } from "./artifacts.js";
import { damaged } from "./damage.js";
import { mutate } from "./mutate.js";
import { mutateCommands } from "./mutate-commands.js";
import { runSubjects, type Subject, storeSubjects } from "./subjects.js";
import type { Torture } from "./torture.js";

const CHUNK = 500;

const AUDIO = new URL("../../../test/audio/fixtures/", import.meta.url);

/** The audio files of the tests, one kind each. */
function audioSubjects(): Subject[] {
  const files = existsSync(AUDIO) ? readdirSync(AUDIO).filter((name) => !name.endsWith(".json")) : [];
  return files.map((name) => ({
    name,
    file: new Uint8Array(readFileSync(new URL(name, AUDIO))),
    edits: [damaged],
    async read(bytes) {
      const { channelData } = await decodeAudio(bytes, name);
      if (!channelData.every((samples) => samples.every(Number.isFinite)))
        throw new Error("samples that are no numbers");
      return undefined;
    },
  }));
}

/** Number of damaged files that are read in this process, and that are given to commands. */
interface Counts {
  readonly reads: number;
  readonly commands: number;
}

const COUNTS: Counts = { reads: 100_000, commands: 400 };

/** Damaged files of every kind: read in this process, and given to the commands. */
const mutationsOf = ({ reads, commands }: Counts): Torture => ({
  name: "mutations",
  async run({ seed, say }) {
    const artifacts = await makeArtifacts(nodeEngine({ threads: 1 }));
    try {
      const subjects = [...runSubjects(artifacts), ...storeSubjects(artifacts), ...audioSubjects()];
      const count = Math.ceil(reads / subjects.length);
      const faults: string[] = [];
      for (const subject of subjects) {
        for (let first = 0; first < count; first += CHUNK) {
          const found = await mutate(subject, { seed, first, count: Math.min(CHUNK, count - first) });
          faults.push(...found);
          if (found.length > 0) say(found.join("\n"));
        }
        say(`${subject.name}: ${count} tried, ${faults.length} faults so far`);
      }
      const inCommands = await mutateCommands(artifacts, { seed, count: commands, say });
      return { tried: subjects.length * count + commands, faults: [...faults, ...inCommands] };
    } finally {
      rmSync(dirname(artifacts.workDir), { recursive: true, force: true });
    }
  },
});

export const mutations = mutationsOf(COUNTS);

// node dist/scripts/torture/mutations.js [seed] [reads] [commands]
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seed = 1, reads = COUNTS.reads, commands = COUNTS.commands] = process.argv.slice(2).map(Number);
  const { tried, faults } = await mutationsOf({ reads, commands }).run({ seed, say: console.log });
  console.log(`${tried} tried, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
