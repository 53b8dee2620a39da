// Renders some 90 of the default data's clips into the folder `set`: a program for kills.ts to kill.
import { FONTS } from "../data/fonts.js";
import { renderSet } from "../data/render-set.js";

await renderSet("set", {
  seed: 1,
  size: { train: 1, evaluation: 1, test: 1 },
  fonts: FONTS,
  nWorkers: 1,
});
