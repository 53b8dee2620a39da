import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SHIPPED_MODEL } from "../tagging/shipped-model.js";

/** Root of the package. */
const ROOT = new URL("..", SHIPPED_MODEL);

/**
 * The studio's files by their addresses below the page's, e.g. `dist/studio/studio.js`; the page itself is `index.html`. A page that
 * is copied elsewhere needs these and no others.
 */
export function studioFiles(): Map<string, string> {
  const folders = ["dist/studio/", "dist/vendor/"];
  const listed = folders.flatMap((folder) => readdirSync(new URL(folder, ROOT)).map((name) => folder + name));
  const ofPage = listed.filter((file) => !/\.node\.|index\.html$/.test(file)); // ONNX Runtime's build for Node
  const addresses: [string, string][] = [
    ["index.html", "dist/studio/index.html"],
    ...[...ofPage, "models/instruments.onnx"].map((file): [string, string] => [file, file]),
  ];
  return new Map(addresses.map(([address, file]) => [address, fileURLToPath(new URL(file, ROOT))]));
}
