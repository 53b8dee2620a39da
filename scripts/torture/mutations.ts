import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
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

/** The audio files of the tests. */
function audioSubjects(): Subject[] {
  const entries = existsSync(AUDIO) ? readdirSync(AUDIO, { withFileTypes: true, recursive: true }) : [];
  const files = entries.filter((entry) => entry.isFile() && !/\.(json|md)$/.test(entry.name));
  return files.map(({ name, parentPath }) => ({
    name,
    file: new Uint8Array(readFileSync(join(parentPath, name))),
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
      // timbrel's own kinds are few, audio files many: each half of the tries.
      const groups = [[...runSubjects(artifacts), ...storeSubjects(artifacts)], audioSubjects()];
      const faults: string[] = [];
      let tried = 0;
      for (const subject of groups.flat()) {
        const { length } = groups.find((group) => group.includes(subject))!;
        const count = Math.ceil(reads / groups.length / length);
        for (let first = 0; first < count; first += CHUNK) {
          const found = await mutate(subject, { seed, first, count: Math.min(CHUNK, count - first) });
          faults.push(...found);
          if (found.length > 0) say(found.join("\n"));
        }
        tried += count;
        say(`${subject.name}: ${count} tried, ${faults.length} faults so far`);
      }
      const inCommands = await mutateCommands(artifacts, { seed, count: commands, say });
      return { tried: tried + commands, faults: [...faults, ...inCommands] };
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
