import { once } from "node:events";
import { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { print } from "../report/terminal.js";
import { systemReason } from "../store/system-errors.js";
import { integerOption } from "./options.js";
import { studioFiles } from "./studio-files.js";
import { STUDIO_HOST, studioServer } from "./studio-server.js";

const DESCRIPTION = `Open a page that tags sounds and trains models in a browser.

The command serves a page on this machine and prints its address. In the page, drop files or folders or use the microphone, and see and hear where \
their tags are; or drop a folder for each class, train, see what goes well or wrong, and download a model that predict opens. \
Everything is computed in the page: no sound leaves the browser, and other machines cannot reach the server. The browser keeps what \
the page holds, for this port. Ctrl-C ends the server.`;

const EXAMPLES = `
Examples:
  timbrel studio
  timbrel studio --port 8080`;

/** A fixed port: a browser keeps what the page holds by its address. */
const PORT = 6340;

export const command = new Command("studio")
  .description(DESCRIPTION)
  .addOption(integerOption("--port <n>", "port of the page's address", { min: 1024, max: 65_535 }, PORT))
  .addHelpText("after", EXAMPLES)
  .action(studio);

async function studio({ port }: { port: number }): Promise<void> {
  const server = studioServer(studioFiles());
  server.listen(port, STUDIO_HOST);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new UsageError(
      {
        setting: "--port",
        rule: "be free",
        got: `${port} (${systemReason(cause as NodeJS.ErrnoException)})`,
        remedy: "end the program that uses it, or choose another",
      },
      { cause },
    );
  }
  print(`The studio is at http://${STUDIO_HOST}:${port}/ (Ctrl-C ends it)`);
}
