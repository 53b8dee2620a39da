import { tableOf } from "../../report/charts/figure.js";
import { scatterChart } from "../../report/charts/scatter-chart.js";
import { type Html, html } from "../../report/html.js";
import type { Section } from "../../report/html-page.js";
import { readable } from "../../report/numbers.js";
import { percent } from "../../report/table.js";
import type { InitializationResult, VarianceDraw } from "../results.js";
import { figures, finding, method } from "./prose.js";

/** A deviation of more standard errors is hardly chance: three in a thousand fair draws have one. */
const MOST_ERRORS = 3;

/** The section on the variance of initial weights, measured and by formula. */
export function initializationSection({ draws }: InitializationResult): Section {
  return {
    id: "initialization",
    title: "Initialization",
    body: html`${finding(sentences(draws))}
${method(`Initial weights in the shapes that the nets have on this data, drawn many times. Chance alone gives the variance of n \
normal weights a relative standard error of sqrt(2 / n); uniform weights, a smaller one.`)}
${figures(pictures(draws))}
<h3>Largest deviations</h3>
${tableOf(summary(draws))}`,
  };
}

/** |measured - variance| / variance, where `variance` is the formula's; 0 if both are 0. */
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
const fraction = (value: number) => (Number.isFinite(value) ? percent(value) : "∞ %");

function sentences(draws: readonly VarianceDraw[]): string[] {
  const [far, unlikely] = [largest(draws, deviation), largest(draws, errors)];
  if (far === undefined || unlikely === undefined) return ["No weights were drawn."];
  const beyond = draws.filter((draw) => !(errors(draw) <= MOST_ERRORS)).length;
  const verdict =
    beyond === 0
      ? `all ${draws.length} are within ${MOST_ERRORS} standard errors of it`
      : `${beyond} of ${draws.length} ${beyond === 1 ? "is" : "are"} more than ${MOST_ERRORS} standard errors off`;
  return [
    `In ${draws.length} combinations of initializer and shape, the measured variance deviates from the formula by at most \
${fraction(deviation(far))} (${far.init}, ${shapeOf(far)}).`,
    `Compared with chance, ${verdict}; the largest deviation is ${readable(errors(unlikely))} standard errors \
(${unlikely.init}, ${shapeOf(unlikely)}).`,
  ];
}

const FAMILIES = [
  { title: "Glorot: 2 / (fanIn + fanOut)", has: (name: string) => name.startsWith("glorot") },
  { title: "He: 2 / fanIn", has: (name: string) => name.startsWith("he-") },
  { title: "Other initializers", has: (name: string) => !/^(glorot|he-)/.test(name) },
];

function pictures(draws: readonly VarianceDraw[]): Html[] {
  return FAMILIES.flatMap(({ title, has }) => {
    const own = draws.filter(({ init }) => has(init));
    if (own.length === 0) return [];
    return [
      scatterChart({
        title,
        caption: "Variance of the initial weights. On the line, it equals the formula.",
        xLabel: "variance by formula",
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
      "weights drawn per shape, at least",
      "largest deviation",
      "at shape",
      "formula",
      "measured",
      "largest deviation [standard errors]",
    ],
    ...rows,
  ];
}
