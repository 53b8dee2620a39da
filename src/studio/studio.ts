import { html, render } from "lit-html";
import "./player-element.js";
import { quietZod } from "./quiet-zod.js";
import { onRedraw, redraw } from "./redraw.js";
import { TagState } from "./tag-state.js";
import { tagView } from "./tag-view.js";
import "./timeline-element.js";

quietZod();
const root = document.querySelector<HTMLElement>("#studio")!;
root.replaceChildren();
const tagging = new TagState();

onRedraw(() =>
  render(
    html`<main>
      <header><h1>timbrel <span class="note">studio</span></h1><p class="note">Everything is computed in this page: no sound leaves your browser.</p></header>
      ${tagView(tagging)}
    </main>`,
    root,
  ),
);
redraw();
