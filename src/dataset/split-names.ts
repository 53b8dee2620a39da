/** The three parts of a data set. */
export type Split = "train" | "valid" | "test";

export const SPLITS: readonly Split[] = ["train", "valid", "test"];

const SYNONYMS: ReadonlyMap<string, Split> = new Map(
  Object.entries({
    training: "train",
    validation: "valid",
    validate: "valid",
    val: "valid",
    dev: "valid",
    development: "valid",
    testing: "test",
    eval: "test",
    evaluation: "test",
  }),
);

/** The split's name in sentences. */
export function splitTitle(split: Split): string {
  return split === "valid" ? "validation" : split;
}

/** The split meant by a name such as `validation` or `Dev`; `undefined` for a name that means no split. */
export function splitMeantBy(name: string): Split | undefined {
  const lower = name.toLowerCase();
  return SPLITS.find((split) => split === lower) ?? SYNONYMS.get(lower);
}
