import { tableOf } from "../../report/charts/figure.js";
import { scatterChart } from "../../report/charts/scatter-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { readable } from "../../report/numbers.js";
import { percent } from "../../report/table.js";
import type { InitializationResult, VarianceDraw } from "../results.js";
import { figures, finding, method } from "./prose.js";

/** A deviation of more standard errors is hardly chance: of a thousand fair draws three have one. */
const MOST_ERRORS = 3;

/** Measured variance of first weights against their law. */
export function initializationSection({ draws }: InitializationResult): Section {
  return {
    id: "initialization",
    title: "Initialization",
    body: html`${finding(sentences(draws))}
${method(`First weights in the shapes that the nets have on these data, drawn again and again. Of n normal weights sampling \
alone leaves the variance a standard error of sqrt(2 / n) of it; uniform weights vary less.`)}
${figures(pictures(draws))}
<h3>Largest deviations</h3>
${tableOf(summary(draws))}`,
  };
}

/** |measured - law| / law; 0 where both are 0. */
function deviation({ variance, measured }: VarianceDraw): number {
  return measured === variance ? 0 : Math.abs(measured - variance) / variance;
}

/** The deviation in standard errors of a normal draw. */
function errors(draw: VarianceDraw): number {
  return deviation(draw) / Math.sqrt(2 / draw.count);
}

const largest = (
  draws: readonly VarianceDraw[],
  of: (draw: VarianceDraw) => number,
): VarianceDraw | undefined => [...draws].sort((a, b) => of(b) - of(a))[0];

const shapeOf = ({ shape }: VarianceDraw) => shape.join(" × ");
const fraction = (value: number) => (Number.isFinite(value) ? percent(value) : "without bound");

function sentences(draws: readonly VarianceDraw[]): string[] {
  const [far, unlikely] = [largest(draws, deviation), largest(draws, errors)];
  if (far === undefined || unlikely === undefined) return ["No weights were drawn."];
  const beyond = draws.filter((draw) => !(errors(draw) <= MOST_ERRORS)).length;
  const verdict =
    beyond === 0
      ? `all ${draws.length} lie within ${MOST_ERRORS} standard errors of the law`
      : `${beyond} of ${draws.length} ${beyond === 1 ? "lies" : "lie"} more than ${MOST_ERRORS} standard errors off the law`;
  return [
    `Over ${draws.length} initializers and shapes the measured variance deviates from the law by ${fraction(deviation(far))} at most \
(${far.init}, ${shapeOf(far)}).`,
    `Against what sampling alone leaves, ${verdict}; the farthest is ${readable(errors(unlikely))} off \
(${unlikely.init}, ${shapeOf(unlikely)}).`,
  ];
}

const FAMILIES = [
  { title: "Glorot: 2 / (fanIn + fanOut)", has: (name: string) => name.startsWith("glorot") },
  { title: "He: 2 / fanIn", has: (name: string) => name.startsWith("he-") },
  { title: "Other laws", has: (name: string) => !/^(glorot|he-)/.test(name) },
];

function pictures(draws: readonly VarianceDraw[]): Html[] {
  return FAMILIES.flatMap(({ title, has }) => {
    const own = draws.filter(({ init }) => has(init));
    if (own.length === 0) return [];
    return [
      scatterChart({
        title,
        caption: "Variance of first weights; on the line the law holds.",
        xLabel: "variance by the law",
        yLabel: "measured variance",
        groups: namesOf(own).map((name) => ({
          name,
          points: own
            .filter(({ init }) => init === name)
            .map((draw) => [draw.variance, draw.measured, shapeOf(draw)]),
        })),
      }),
    ];
  });
}

const namesOf = (draws: readonly VarianceDraw[]) => [...new Set(draws.map(({ init }) => init))];

function summary(draws: readonly VarianceDraw[]): string[][] {
  const rows = namesOf(draws).map((name) => {
    const own = draws.filter(({ init }) => init === name);
    const far = largest(own, deviation)!;
    return [
      name,
      String(own.length),
      readable(Math.min(...own.map(({ count }) => count))),
      fraction(deviation(far)),
      shapeOf(far),
      readable(far.variance),
      readable(far.measured),
      readable(errors(largest(own, errors)!)),
    ];
  });
  return [
    [
      "",
      "shapes",
      "weights drawn of each, at least",
      "largest deviation",
      "at",
      "law",
      "measured",
      "most standard errors",
    ],
    ...rows,
  ];
}
