import { groupBy } from "../core/group-by.js";

/** What is known about the labels of a clip. */
export interface LabelFacts {
  /** Labels that the clip has. */
  readonly labels: readonly string[];
  /**
   * Labels of which it is not known whether the clip has them. "?" stands for every label that the clip's lists do not
   * name; without it, the clip lacks those. @default none
   */
  readonly unknownLabels?: readonly string[];
  /** Labels that the clip lacks, which only need to be named beside a "?". @default none */
  readonly absentLabels?: readonly string[];
}

/** In `unknownLabels`: every label that the clip's lists do not name. */
export const ALL_OTHERS = "?";

/** Whether something is not known about the labels of a clip. */
export function lacksLabels({ unknownLabels }: LabelFacts): boolean {
  return unknownLabels !== undefined && unknownLabels.length > 0;
}

/**
 * Whether a clip is background: it has no label, and lacks every one. A net is trained to answer it with none, and no score
 * counts it.
 */
export function isBackground({ labels, unknownLabels }: LabelFacts): boolean {
  return labels.length === 0 && unknownLabels === undefined;
}

/** Whether a clip has a label; null if it is not known. */
export function hasLabel(facts: LabelFacts, label: string): boolean | null {
  const { labels, unknownLabels = [], absentLabels = [] } = facts;
  if (labels.includes(label)) return true;
  if (unknownLabels.includes(label)) return null;
  return unknownLabels.includes(ALL_OTHERS) && !absentLabels.includes(label) ? null : false;
}

/** The lists as they are kept: sorted, without what the others say already, and without empty lists beside `labels`. */
export function labelFacts({ labels, unknownLabels = [], absentLabels = [] }: LabelFacts): LabelFacts {
  const isOpen = unknownLabels.includes(ALL_OTHERS);
  const unknown = isOpen ? [ALL_OTHERS] : [...new Set(unknownLabels)].sort();
  const absent = isOpen ? [...new Set(absentLabels)].sort() : [];
  return {
    labels,
    ...(unknown.length > 0 ? { unknownLabels: unknown } : {}),
    ...(absent.length > 0 ? { absentLabels: absent } : {}),
  };
}

/** The same with every label brought into another form. */
export function mapLabels(facts: LabelFacts, map: (label: string) => string): LabelFacts {
  const { labels, unknownLabels = [], absentLabels = [] } = facts;
  return labelFacts({
    labels: [...new Set(labels.map(map))],
    unknownLabels: unknownLabels.map((label) => (label === ALL_OTHERS ? label : map(label))),
    absentLabels: absentLabels.map(map),
  });
}

/** A label that two of a clip's lists name; undefined if there is none. */
export function labelNamedTwice({ labels, unknownLabels = [], absentLabels = [] }: LabelFacts) {
  const unknown = unknownLabels.filter((label) => label !== ALL_OTHERS);
  return (
    labels.find((label) => unknown.includes(label) || absentLabels.includes(label)) ??
    unknown.find((label) => absentLabels.includes(label))
  );
}

/** Whether one of two clips has a label that the other lacks. */
export function contradict(a: LabelFacts, b: LabelFacts): boolean {
  return (
    a.labels.some((label) => hasLabel(b, label) === false) ||
    b.labels.some((label) => hasLabel(a, label) === false)
  );
}

/** The first two of some clips that contradict each other; undefined if none do. */
export function contradictingPair<C extends LabelFacts>(clips: readonly C[]): [C, C] | undefined {
  const different = [...groupBy(clips, labelText).values()].map(([first]) => first);
  for (const [i, a] of different.entries()) {
    const b = different.slice(i + 1).find((other) => contradict(a, other));
    if (b !== undefined) return [a, b];
  }
  return undefined;
}

/** What is known about the labels of clips that do not contradict each other, taken together. */
export function joinFacts(a: LabelFacts, b: LabelFacts): LabelFacts {
  const both = [a, b];
  const isUnknown = (label: string) =>
    both.every((one) =>
      label === ALL_OTHERS ? one.unknownLabels?.includes(label) : hasLabel(one, label) === null,
    );
  return labelFacts({
    labels: [...new Set(both.flatMap(({ labels }) => labels))],
    unknownLabels: both.flatMap(({ unknownLabels = [] }) => unknownLabels).filter(isUnknown),
    absentLabels: both.flatMap(({ absentLabels = [] }) => absentLabels),
  });
}

/**
 * The labels as a manifest writes them, in alphabetical order, e.g. `flute|?violin`, or `flute|? without piano`; `background` for
 * none.
 */
export function labelText(facts: LabelFacts): string {
  const kept = labelFacts(facts);
  if (isBackground(kept)) return "background";
  const { labels, unknownLabels = [], absentLabels = [] } = kept;
  const unknown = unknownLabels.map((label) => (label === ALL_OTHERS ? label : `?${label}`));
  const without = absentLabels.length > 0 ? ` without ${absentLabels.join("|")}` : "";
  return `${[...[...labels].sort(), ...unknown].join("|")}${without}`;
}
