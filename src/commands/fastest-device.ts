import { UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import { type Engine, openKeeping } from "../runtime/engine.js";
import { NODE_DEVICES, type NodeDevice, nodeEngine, openNodeSession } from "../runtime/node.js";
import type { OrtSession } from "../runtime/ort-session.js";

/** What a trial of the machine's devices found. */
export interface DeviceTrial {
  readonly fastest: NodeDevice;
  /** Time of a run on each device that the machine has [ms]. */
  readonly msByDevice: ReadonlyMap<NodeDevice, number>;
}

const RUNS = 4;
/** A device this many times as slow as another is not tried any further. */
const HOPELESS = 5;

/**
 * Makes an engine that picks the fastest device by running a model a few times on random inputs. It does so for every model
 * that it opens to train, since a linear baseline and a net may be fastest on different devices, and for the first model
 * that it opens otherwise. Later models run on the device that was last picked for training, if there is one.
 * @param options.threads threads per run on the CPU
 * @param options.onTrial called with the result of each trial
 * @param options.onStandIn see `nodeEngine`
 */
export function fastestEngine({
  threads,
  onTrial,
  onStandIn,
}: {
  threads: number;
  onTrial: (trial: DeviceTrial) => void;
  onStandIn: (line: string) => void;
}): Engine {
  let toTrain: Promise<Engine> | undefined;
  let toRun: Promise<Engine> | undefined;
  const choose = async (model: Uint8Array): Promise<Engine> => {
    const trial = await tryDevices(model, { threads, onStandIn });
    onTrial(trial);
    return nodeEngine({ threads, device: trial.fastest, onStandIn });
  };
  return {
    async open(model) {
      toRun ??= toTrain ?? choose(model);
      return (await (toTrain ?? toRun)).open(model);
    },
    async openKeeping(model, names) {
      toTrain = choose(model);
      return openKeeping(await toTrain, model, names);
    },
  };
}

async function tryDevices(
  model: Uint8Array,
  options: { threads: number; onStandIn: (line: string) => void },
): Promise<DeviceTrial> {
  const msByDevice = new Map<NodeDevice, number>();
  for (const device of NODE_DEVICES) {
    const session = await openNodeSession(model, { ...options, device }).catch((error: unknown) => {
      if (device !== "cpu" && error instanceof UsageError) return null; // the machine does not have it
      throw error;
    });
    if (session === null) continue;
    try {
      const enough = HOPELESS * Math.min(...msByDevice.values());
      msByDevice.set(device, await shortestRun(session, enough));
    } finally {
      await session.close();
    }
  }
  const [[fastest]] = [...msByDevice].sort(([, a], [, b]) => a - b);
  return { fastest, msByDevice };
}

/**
 * Returns the shortest time of a run on random inputs [ms]. The first run, in which a device prepares itself, does not count.
 * @param enough stop after a run that takes longer
 */
async function shortestRun(session: OrtSession, enough: number): Promise<number> {
  const feeds = session.drawFeeds(new Random(0));
  await session.run(feeds);
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await session.run(feeds);
    shortest = Math.min(shortest, performance.now() - start);
    if (shortest > enough) break;
  }
  return shortest;
}
