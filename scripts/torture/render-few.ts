// Renders 33 of the default data's clips into the folder `set`: a program for kills.ts to kill.
import { renderSet } from "../data/render-set.js";

await renderSet("set", { seed: 1, size: { train: 1, valid: 1, test: 1 }, nWorkers: 1 });
