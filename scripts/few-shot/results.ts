import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { lineChart } from "../../src/report/charts/line-chart.js";
import { PAPER, seriesColours } from "../../src/report/charts/style.js";
import { percent } from "../../src/report/table.js";

const score = z.object({
  /** Identifies the start model and the settings. */
  key: z.string(),
  /** Name of the source that is learned from. */
  source: z.string(),
  /** Clips of a class. */
  perClass: z.number(),
  draw: z.number(),
  method: z.string(),
  /** Balanced accuracy on the other source. */
  score: z.number(),
});

/** The score of one method on one draw. */
export type Score = z.infer<typeof score>;

/** Scores in a file, a line each: a run that is stopped goes on from there. */
export class ScoreFile {
  readonly scores: Score[];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
    this.scores = lines.map((line) => score.parse(JSON.parse(line)));
  }

  find(wanted: Omit<Score, "score">): Score | undefined {
    return this.scores.find((each) =>
      Object.entries(wanted).every(([name, value]) => each[name as keyof Score] === value),
    );
  }

  add(found: Score): void {
    appendFileSync(this.#path, `${JSON.stringify(found)}\n`);
    this.scores.push(found);
  }
}

/** Mean and sample deviation of some scores. */
export function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** A table in Markdown for each source that is learned from: mean and deviation over the draws. */
export function markdownTables(scores: readonly Score[]): string {
  const sizes = unique(scores.map(({ perClass }) => perClass));
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return unique(scores.map(({ source }) => source))
    .map((source) => {
      const own = scores.filter((each) => each.source === source);
      const rows = unique(own.map(({ method }) => method)).map((method) => {
        const cells = sizes.map((perClass) => {
          const found = own.filter((each) => each.method === method && each.perClass === perClass);
          const { mean, std } = meanAndStd(found.map((each) => each.score));
          return found.length === 0 ? "" : `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)}`;
        });
        return row([method, ...cells]);
      });
      const head = row([`learned from ${source}`, ...sizes.map((n) => `${n} a class`)]);
      return [head, row(["---", ...sizes.map(() => "---")]), ...rows].join("\n");
    })
    .join("\n\n");
}

/** The mean over draws and sources against the number of clips, as a picture in SVG. */
export function scoreChart(scores: readonly Score[]): string {
  const sizes = unique(scores.map(({ perClass }) => perClass));
  const series = unique(scores.map(({ method }) => method)).map((method) => {
    const at = sizes.flatMap((perClass) => {
      const found = scores.filter((each) => each.method === method && each.perClass === perClass);
      return found.length === 0 ? [] : [{ perClass, ...meanAndStd(found.map((each) => 100 * each.score)) }];
    });
    return { name: method, points: at.map(({ perClass, mean }) => [perClass, mean] as const) };
  });
  const figure = lineChart({
    title: "Balanced accuracy on recordings of another source",
    x: { label: "clips a class", scale: "log" },
    y: { label: "balanced accuracy (%)", domain: [0, 100] },
    series,
    isWide: true,
  }).toString();
  const start = figure.indexOf("<svg", figure.indexOf('class="on-wide"'));
  const end = "</svg>";
  const svg = figure.slice(start, figure.indexOf(end, start) + end.length);
  const style = `background: ${PAPER.light}; color: black; font-family: sans-serif; ${seriesColours("light")}`;
  return `${svg.replace("<svg ", `<svg style="${style}" `)}\n`;
}

/** One line about a score. */
export function scoreLine({ source, perClass, draw, method, score }: Score): string {
  return `${source}, ${perClass} a class, draw ${draw}: ${method} ${percent(score)}`;
}
