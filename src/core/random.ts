/** The whole state of a `Random`: four unsigned 32-bit integers. */
export type RandomState = readonly [number, number, number, number];

/**
 * A seeded random number generator (sfc32), the same on every platform.
 *
 * Never seeded from the clock: the seed is always passed in. `fork` gives independent streams by name, so that
 * one consumer drawing more numbers does not shift another's.
 *
 * Reference: Chris Doty-Humphrey, PractRand, sfc32.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number | string | RandomState) {
    if (typeof seed === "object") {
      [this.#a, this.#b, this.#c, this.#counter] = seed;
      return;
    }
    // FNV-1a of the seed's text fills the state; twelve rounds mix it (PractRand's own seeding).
    let hash = 0x811c9dc5;
    const fill = (text: string): number => {
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      return hash >>> 0;
    };
    this.#a = fill(`${seed}`);
    this.#b = fill("b");
    this.#c = fill("c");
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** State to store; `new Random(state)` continues the same sequence. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** An independent stream, determined by this generator's current state and `name`; the state does not change. */
  fork(name: string): Random {
    return new Random(`${this.state.join(",")}/${name}`);
  }

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) >>> 0;
    this.#c = (this.#c + sum) >>> 0;
    this.#a >>>= 0;
    return sum;
  }

  /** Uniform in [min, max), 32 bits of resolution. */
  uniform(min = 0, max = 1): number {
    return min + (max - min) * (this.uint32() / 4294967296);
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** One of the items, all equally likely. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)];
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
