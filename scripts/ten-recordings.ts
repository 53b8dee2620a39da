import { parse } from "csv-parse/sync";
import { Random } from "../src/core/random.js";
import { percent, table } from "../src/report/table.js";
import type { ManifestRow } from "./data/manifest.js";

/** Number of recordings that are answered. */
const COUNT = 10;

/**
 * Draws ten recordings, each of another instrument while there are some.
 * @param rows in the same order for the same draw
 */
export function drawRecordings(rows: readonly ManifestRow[], seed: number): ManifestRow[] {
  const random = new Random(`recordings ${seed}`);
  const left = random.shuffle(rows);
  const drawn: ManifestRow[] = [];
  while (drawn.length < COUNT && left.length > 0) {
    const seen = new Set(drawn.map(({ group }) => group));
    const next = left.findIndex(({ group }) => !seen.has(group));
    drawn.push(...left.splice(Math.max(0, next), 1));
  }
  return drawn;
}

/**
 * Recordings beside what a model answered, as a table, and how many answers are right.
 * @param csv the output of `predict --format csv` for them, in their order
 */
export function answerTable(drawn: readonly ManifestRow[], csv: string): string {
  const answers = parse<Record<string, string>>(csv, { columns: true });
  const rows = drawn.map(({ path, label }, i) => {
    const { predicted } = answers[i];
    const probability = answers[i][predicted];
    return [
      path.replace(/^.*tonejs-instrument-(.*)-wav\/(.*)\.wav$/, "$1 $2"),
      label,
      predicted,
      probability === undefined ? "-" : percent(Number(probability)),
      predicted === label ? "right" : "wrong",
    ];
  });
  const nRight = rows.filter((row) => row.at(-1) === "right").length;
  return [
    table([["recording", "is", "answer", "probability", ""], ...rows], 3),
    `${nRight} of ${rows.length} answers are right`,
  ].join("\n");
}
