import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { decodeAudio } from "../../src/audio/decode.js";
import { downmix } from "../../src/audio/downmix.js";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { studioFiles } from "../../src/commands/studio-files.js";
import { studioServer } from "../../src/commands/studio-server.js";
import { CHROMIUM } from "../browser/chromium.js";
import { makeFolder, writeFiles } from "../store/files.js";

/** An open studio. */
export interface OpenStudio {
  readonly page: Page;
  readonly address: string;
  /** What the page may never have: errors, reports of its policy, and requests to other addresses. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens the studio in Chromium, as `timbrel studio` serves it.
 * @param options.microphone WAV file that Chromium's fake microphone plays again and again
 * @param options.address of a page that another server gives out
 */
export async function openStudio(
  options: { microphone?: string; address?: string } = {},
): Promise<OpenStudio> {
  const server = studioServer(studioFiles()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = options.address ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const fake =
    options.microphone === undefined
      ? []
      : [
          "--use-fake-device-for-media-stream",
          "--use-fake-ui-for-media-stream",
          `--use-file-for-fake-audio-capture=${options.microphone}`,
        ];
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: ["--no-sandbox", ...fake],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(50_000);
  const faults: string[] = [];
  const { origin } = new URL(address);
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url)) faults.push(`request to ${url}`);
  });
  const page = await context.newPage();
  await page.goto(address);
  return {
    page,
    address,
    faults,
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** Drops files and folders on what a selector finds, as a hand does. */
export async function dropOn(page: Page, selector: string, paths: readonly string[]): Promise<void> {
  const target = page.locator(selector).first();
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await target.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + height / 2, data });
  await session.detach();
}

const FAMILIES = { violin: "violin", flute: "flute", xylophone: "xylophone" };

/** Length of a recording in the tests: whole ones would take minutes to train on. */
const LENGTH_SEC = 1.4;

/**
 * Writes the beginnings of real recordings of three instruments into folders, one for each.
 * @returns the folders, with every second note, and the other notes, which no training sees
 */
export async function threeInstruments(): Promise<{
  folders: string[];
  others: { label: string; path: string }[];
}> {
  const dir = makeFolder();
  const others: { label: string; path: string }[] = [];
  for (const [label, name] of Object.entries(FAMILIES)) {
    const folder = `node_modules/tonejs-instrument-${name}-wav`;
    const notes = readdirSync(folder).filter((file) => file.endsWith(".wav"));
    for (const [i, note] of notes.entries()) {
      const isOther = i % 3 === 2;
      const { samples, sampleRate } = downmix(await decodeAudio(readFileSync(`${folder}/${note}`), note));
      const wav = encodeWav({ samples: samples.subarray(0, LENGTH_SEC * sampleRate), sampleRate });
      const path = `${isOther ? "others" : label}/${isOther ? `${label} ` : ""}${basename(note)}`;
      writeFiles(dir, { [path]: wav });
      if (isOther) others.push({ label, path: `${dir}/${path}` });
    }
  }
  return { folders: Object.keys(FAMILIES).map((label) => `${dir}/${label}`), others };
}
