import { counted } from "../../core/counted.js";
import { tableOf } from "../charts/figure.js";
import { html } from "../html.js";
import type { Section } from "../html-page.js";
import { readable } from "../numbers.js";
import type { Report } from "../report.js";
import { percentText } from "./words.js";

/** The section with the scores of every group, the worst first; null if the clips have no groups. */
export function groupsSection({ parts: [{ groups, net }] }: Report): Section | null {
  if (groups.length === 0) return null;
  const rows = groups.map(({ group, nClips, nRight, loss }) => [
    group,
    String(nClips),
    String(nRight),
    percentText(nRight / nClips),
    readable(loss),
  ]);
  const what = net.task === "single-label" ? "right" : "with every tag right";
  const more =
    groups.length < net.nGroups ? ` These are the worst ${groups.length}; the rest are better.` : "";
  return {
    id: "groups",
    title: "Groups",
    body: html`<p>Clips of one group, such as one recording or one artist, are never in two splits. \
${counted(net.nGroups, "group")}, the worst first.${more}</p>
<div class="tall">${tableOf([["group", "clips", what, "of its clips", "loss"], ...rows])}</div>`,
  };
}
