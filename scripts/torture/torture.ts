/** A check that takes too long for the tests: it tries many cases and counts those that go wrong. */
export interface Torture {
  readonly name: string;
  run(options: TortureOptions): Promise<TortureResult>;
}

export interface TortureOptions {
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Called with a line of progress now and then. */
  readonly say: (line: string) => void;
}

export interface TortureResult {
  /** Number of cases tried. */
  readonly tried: number;
  /** A line for each case that went wrong, with what is needed to repeat it. */
  readonly faults: readonly string[];
}
