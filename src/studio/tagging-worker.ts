import { expose } from "comlink";
import { quietZod } from "./quiet-zod.js";
import { TaggingWork } from "./tagging-work.js";

quietZod();
expose(new TaggingWork());
