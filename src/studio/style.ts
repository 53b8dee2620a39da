import { PAGE_STYLE } from "../report/html-page.js";

/** The studio's style sheet, which the build writes. */
export const STUDIO_STYLE = `${PAGE_STYLE}
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1000px; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
header, section > p, section > h3, section > ul { max-width: none; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; }
header h1 { margin: 0; font-size: 1.5em; }
h2 { border: 0; padding: 0; margin: 1.2em 0 0.3em; overflow-wrap: anywhere; }
h2 .note { font-weight: 400; }
.note, .notice { font-size: 14px; color: var(--quiet); }
.notice { min-height: 1.5em; margin: 0.4em 0; color: var(--ink); overflow-wrap: anywhere; }
.problem { color: var(--series-1); overflow-wrap: anywhere; }
label { max-width: 100%; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin: 0.6em 0; }
button, .button, select, input { font: inherit; font-size: 15px; color: var(--ink); background: var(--paper); border: 1px solid var(--quiet); border-radius: 6px; padding: 6px 12px; min-height: 36px; max-width: 100%; }
button, .button, select, summary { cursor: pointer; }
button:hover, .button:hover { border-color: var(--series-0); }
button:disabled { opacity: 0.5; cursor: not-allowed; }
button.main { background: var(--ink); color: var(--paper); border-color: var(--ink); font-weight: 600; }
button.recording { border-color: var(--series-1); color: var(--series-1); }
:focus-visible, .button:focus-within { outline: 3px solid var(--series-0); outline-offset: 2px; }
.button { display: inline-flex; align-items: center; position: relative; overflow: hidden; }
.button input { position: absolute; inset: 0; opacity: 0; cursor: pointer; padding: 0; }
.tabs { display: flex; gap: 4px; border-bottom: 1px solid var(--line); margin: 12px 0 16px; }
.tabs button { border: 0; border-bottom: 3px solid transparent; border-radius: 0; font-size: 17px; padding: 8px 14px; }
.tabs button[aria-selected="true"] { border-bottom-color: var(--series-0); font-weight: 600; }
.drop { border: 2px dashed var(--quiet); border-radius: 10px; padding: 10px 16px; margin: 0.8em 0; }
.drop p { margin: 0.2em 0; }
.drop.over { border-color: var(--series-0); border-style: solid; }
.list { list-style: none; padding: 0; margin: 0.6em 0; max-height: 320px; overflow: auto; }
.list li { display: flex; align-items: center; gap: 6px; border-bottom: 1px solid var(--line); }
.list .plain { flex: 1; min-width: 0; text-align: left; border: 0; border-radius: 4px; padding: 6px 8px; }
.list .selected .plain { box-shadow: inset 3px 0 var(--series-0); }
.list .name { overflow-wrap: anywhere; }
.remove { border: 0; min-width: 36px; padding: 0; font-size: 18px; }
.answer { font-size: 1.25em; margin: 0.2em 0 0.6em; overflow-wrap: anywhere; }
studio-timeline { display: block; position: relative; margin: 0.6em 0; overflow: hidden; }
studio-timeline canvas { display: block; width: 100%; }
studio-timeline .cursor { position: absolute; top: 0; bottom: 22px; left: 0; width: 2px; background: var(--series-1); pointer-events: none; }
studio-player { display: block; }
studio-player audio { display: block; width: 100%; height: 40px; }
.bars { width: 100%; margin: 0.8em 0; table-layout: auto; }
.bars th, .bars td { border: 0; padding: 2px 8px 2px 0; white-space: normal; overflow-wrap: anywhere; }
.bars .number { width: 1%; white-space: nowrap; }
.bars td:last-child { width: 60%; }
@media (max-width: 600px) { .bars td:last-child { width: 35%; } }
.bars .present th { font-weight: 600; }
.class { border: 1px solid var(--line); border-radius: 10px; padding: 4px 14px 10px; margin: 12px 0; }
.class .drop { border-width: 1px; margin: 0.4em 0; padding: 4px 12px; }
.list .group { width: 8em; flex: none; }
.list .play { min-width: 40px; padding: 0; flex: none; }
.list li > .name { flex: 1; min-width: 0; }
input[type="number"] { width: 7em; }
.switches { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 6px 28px; }
.switches .note { margin: 0.2em 0 0.8em; }
.confusion td { min-width: 44px; text-align: center; padding: 6px 10px; border: 1px solid var(--line); }
.confusion caption { text-align: left; color: var(--quiet); padding: 4px 0; }
${[1, 2, 3, 4, 5, 6]
  .flatMap((strength) =>
    Object.entries({ right: 0, wrong: 1 }).map(
      ([name, series]) =>
        `.confusion .${name}.strength-${strength} { background: color-mix(in srgb, var(--series-${series}) ${10 * strength}%, transparent); }`,
    ),
  )
  .join("\n")}
.level { max-width: 240px; }
progress { width: 100%; height: 14px; accent-color: var(--series-0); }
`;
