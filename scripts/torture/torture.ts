/** One way to attack timbrel, many times over. */
export interface Torture {
  readonly name: string;
  run(options: TortureOptions): Promise<TortureResult>;
}

export interface TortureOptions {
  /** Number of tries; each torture has a default. */
  readonly count?: number | undefined;
  /** Called now and then with a line about how far it is. */
  readonly report?: ((line: string) => void) | undefined;
}

export interface TortureResult {
  readonly tried: number;
  /** One line for each try that went wrong, with what is needed to repeat it. */
  readonly faults: string[];
}
