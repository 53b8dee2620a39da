import { expose } from "comlink";
import { quietZod } from "./quiet-zod.js";
import { TrainingWork } from "./training-work.js";

quietZod();
expose(new TrainingWork());
