import { PAPER, seriesColours } from "./charts/style.js";
import { type Html, html, trusted } from "./html.js";

/** One section of a page. */
export interface Section {
  /** Anchor within the page. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** The style of a page. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: ${PAPER.light}; --ink: #1b1b1b; --quiet: #595959; --line: #d9d7d2; ${seriesColours("light")} }
@media (prefers-color-scheme: dark) {
  :root { --paper: ${PAPER.dark}; --ink: #e6e4e0; --quiet: #a5a39e; --line: #3a3c40; ${seriesColours("dark")} }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: break-word; background: var(--paper); color: var(--ink); font: 17px/1.55 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif; }
main { max-width: 1400px; margin: 0 auto; padding: 24px 16px 64px; }
header, section > p, section > h3, section > ul { max-width: 42em; }
h1 { overflow-wrap: anywhere; font-size: 1.9em; line-height: 1.2; margin: 0.6em 0 0.3em; font-weight: 600; }
h2 { font-size: 1.4em; line-height: 1.25; margin: 2.4em 0 0.5em; padding-top: 0.8em; border-top: 1px solid var(--line); font-weight: 600; }
h3 { font-size: 1.1em; margin: 1.8em 0 0.3em; font-weight: 600; }
p { margin: 0.6em 0; }
a { color: inherit; text-underline-offset: 0.15em; }
code { font: 0.85em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15em 1em; margin: 1em 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
nav ol { padding-left: 1.3em; margin: 0.4em 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 390px), 1fr)); gap: 20px 28px; margin: 1.2em 0; }
figure { margin: 0; min-width: 0; max-width: 520px; }
figure.wide { grid-column: 1 / -1; max-width: none; }
.on-wide { display: none; }
@media (min-width: 860px) { .on-wide { display: block; } .on-narrow { display: none; } }
figcaption, .note, summary, table, .legend { font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.note, summary { color: var(--quiet); }
.note { margin: 0.2em 0; font-size: 13px; }
summary { cursor: pointer; font-size: 13px; }
svg { display: block; width: 100%; height: auto; overflow: visible; font-family: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
svg text { white-space: pre; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0.4em 0; padding: 0; }
.legend li { overflow-wrap: anywhere; display: flex; align-items: center; gap: 6px; }
.legend svg { width: 36px; flex: none; }
.scroll { overflow-x: auto; margin: 0.6em 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 12px 3px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; font-weight: 400; }
th:first-child { text-align: left; }
thead th { color: var(--quiet); vertical-align: bottom; white-space: normal; max-width: 9em; }
.headline strong { font-size: 1.6em; margin-right: 0.2em; }
.wide > figure { max-width: none; }
.tall > .scroll { max-height: 80vh; overflow: auto; }
.tall thead th { position: sticky; top: 0; background: var(--paper); }
.clip img { display: block; width: 100%; height: 128px; margin: 0.4em 0; background: #000; image-rendering: auto; }
.clip audio { display: block; width: 100%; height: 40px; }
.clip figcaption { overflow-wrap: anywhere; }
.clip ul { padding-left: 1.2em; }
.finding { font-size: 1.05em; }
.method { color: var(--quiet); font-size: 0.9em; }
@media print { details { display: none; } }
`;

/**
 * Renders a self-contained HTML page: it fetches no script, font or picture.
 * @param page its title; `head`, shown between the title and the table of contents; and its sections. A page with one
 * section has no table of contents
 */
export function htmlPage(page: { title: string; head: Html; sections: readonly Section[] }): string {
  const { title, head, sections } = page;
  const isOne = sections.length === 1;
  const entries = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`);
  const contents = isOne ? "" : html`<nav aria-label="Contents"><ol>${entries}</ol></nav>`;
  const bodies = sections.map(
    ({ id, title, body }, i) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${isOne ? "" : html`${i + 1}&ensp;`}${title}</h2>
${body}
</section>
`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:">
<title>${title}</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
${head}
${contents}
</header>
${bodies}</main>
</body>
</html>
`.toString();
}
