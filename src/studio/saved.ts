import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Split } from "../dataset/split-names.js";
import type { EpochRecord } from "../training/fit.js";
import type { Choices } from "./choices.js";

/** A clip of a class, without its features. */
export interface Example {
  readonly id: number;
  readonly classId: number;
  /** Path of the file as it was given, without the folder of its class. */
  readonly path: string;
  readonly file: Blob;
  /** Clips of one group stay in one split; empty if it is a group by itself. */
  readonly group: string;
  /** The split that its folder named; null to be drawn. */
  readonly split: Split | null;
  readonly durationSec: number;
  readonly warnings: readonly string[];
}

/** A clip's features, of the front end with this hash: [nFrames, nMels]. */
export interface SavedFeatures {
  readonly frontEndHash: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export interface ClassName {
  readonly id: number;
  readonly name: string;
}

/** A clip that the model answers wrongly. */
export interface Mistake {
  readonly exampleId: number;
  readonly label: string;
  readonly answer: string;
  readonly probability: number;
}

/** The trained model, and what it scores on the clips that it was not trained on. */
export interface SavedResult {
  readonly labels: readonly string[];
  readonly nClips: number;
  readonly balancedAccuracy: number;
  readonly interval: readonly [low: number, high: number] | null;
  /** Balanced accuracy of always answering the most frequent class. */
  readonly majority: number;
  readonly confusion: readonly (readonly number[])[];
  readonly mistakes: readonly Mistake[];
}

/** A run after its last epoch, as far as the page shows it. */
export interface SavedRun {
  readonly choices: Choices;
  /** Name of the model that it started from; null for a new net. */
  readonly startName: string | null;
  readonly counts: { readonly train: number; readonly valid: number; readonly test: number };
  readonly parameterCount: number;
  readonly history: readonly EpochRecord[];
  readonly bestEpoch: number;
  /** The names of the classes when it began, which the model keeps. */
  readonly classes: readonly ClassName[];
  /** Whether it has ended; until then it can be resumed. */
  readonly isOver: boolean;
}

/** What a browser keeps of the page, by name. */
interface Values {
  classes: readonly ClassName[];
  choices: Choices;
  run: SavedRun;
  /** Checkpoint of the run, as `encodeCheckpoint` writes it. */
  checkpoint: Uint8Array;
  /** Content of the file of the model that the run started from. */
  start: Uint8Array;
  /** Content of the file of the model that was trained. */
  model: Uint8Array;
  result: SavedResult;
}

interface Schema extends DBSchema {
  values: { key: string; value: unknown };
  examples: { key: number; value: Example };
  features: { key: number; value: SavedFeatures };
}

const NAME = "timbrel";

/** What the browser keeps of the page, so that it survives a reload. The page and its worker share it. */
export class Saved {
  readonly #database: IDBPDatabase<Schema>;

  private constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  static async open(): Promise<Saved> {
    const database = await openDB<Schema>(NAME, 1, {
      upgrade(database) {
        database.createObjectStore("values");
        database.createObjectStore("examples", { keyPath: "id", autoIncrement: true });
        database.createObjectStore("features");
      },
    });
    return new Saved(database);
  }

  async get<Name extends keyof Values>(name: Name): Promise<Values[Name] | undefined> {
    return (await this.#database.get("values", name)) as Values[Name] | undefined;
  }

  /** Saves values all at once or not at all; `null` deletes one. */
  async set(values: { readonly [Name in keyof Values]?: Values[Name] | null }): Promise<void> {
    const transaction = this.#database.transaction("values", "readwrite");
    for (const [name, value] of Object.entries(values))
      void (value === null ? transaction.store.delete(name) : transaction.store.put(value, name));
    await transaction.done;
  }

  async examples(): Promise<Example[]> {
    return this.#database.getAll("examples");
  }

  /** Saves a new clip with its features. @returns it, with its number */
  async add(example: Omit<Example, "id">, features: SavedFeatures): Promise<Example> {
    const transaction = this.#database.transaction(["examples", "features"], "readwrite");
    const id = await transaction.objectStore("examples").add(example as Example);
    await transaction.objectStore("features").put(features, id);
    await transaction.done;
    return { ...example, id };
  }

  async change(example: Example): Promise<void> {
    await this.#database.put("examples", example);
  }

  async remove(ids: readonly number[]): Promise<void> {
    const transaction = this.#database.transaction(["examples", "features"], "readwrite");
    for (const id of ids) {
      void transaction.objectStore("examples").delete(id);
      void transaction.objectStore("features").delete(id);
    }
    await transaction.done;
  }

  async features(id: number): Promise<SavedFeatures | undefined> {
    return this.#database.get("features", id);
  }

  async setFeatures(id: number, features: SavedFeatures): Promise<void> {
    await this.#database.put("features", features, id);
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    const transaction = this.#database.transaction(["values", "examples", "features"], "readwrite");
    for (const name of ["values", "examples", "features"] as const)
      void transaction.objectStore(name).clear();
    await transaction.done;
  }
}
