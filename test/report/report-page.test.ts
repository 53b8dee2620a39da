import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { logMelThumbnail } from "../../src/report/log-mel-thumbnail.js";
import type { Report } from "../../src/report/report.js";
import { reportPage } from "../../src/report/report-page.js";
import { type MadeUp, madeUpReport } from "./made-up-report.js";

const MOST_BYTES = 3e6;
const ELEVEN = Array.from({ length: 11 }, (_, i) => `label ${String.fromCharCode(97 + i)}`);

const CASES: readonly [string, MadeUp][] = [
  ["single-label, in groups", { labels: ELEVEN, perGroup: 4, perLabel: 20 }],
  ["multi-label", { task: "multi-label" }],
  ["three clips a label, not calibrated", { labels: ["high", "low"], perLabel: 3, isCalibrated: false }],
  ["nothing wrong", { skill: 1 }],
];
const pages = CASES.map(([name, madeUp]): [string, string] => [name, pageOf(madeUpReport(madeUp))]);

function pageOf(report: Report): string {
  return reportPage(report, new Map());
}
const documentOf = (text: string) => parseHTML(text).document;
const sectionsOf = (text: string) =>
  [...documentOf(text).querySelectorAll("section")].map((section) => section.id);
const rowsOf = (text: string, section: string) =>
  [...documentOf(text).querySelectorAll(`#${section} table`)].map((table) =>
    [...table.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent)),
  );
const proseOf = (text: string, section: string) =>
  documentOf(text).querySelector(`#${section}`)!.textContent.replaceAll("\u00a0", " ");

describe("reportPage", () => {
  it.each(pages)("%s: every element is closed, every id is unique, and no number is broken", (_, page) => {
    const VOID = new Set(["meta", "img"]);
    const open: string[] = [];
    for (const [, end, name, closed] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^>"])*?(\/?)>/g)) {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (closed === "" && !VOID.has(name)) open.push(name);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page.match(/.{0,60}(?:NaN|Infinity|undefined|\bnull\b|\[object).{0,20}/g)).toBeNull();
  });

  it.each(pages)("%s: loads nothing and runs nothing", (_, page) => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(|@font-face|\son\w+=/i);
    expect([...new Set(page.match(/\w+:\/\/[^"'\s<]+/g))]).toEqual(["http://www.w3.org/2000/svg"]);
    const policy = documentOf(page).querySelector("meta[http-equiv=Content-Security-Policy]")!;
    expect(policy.getAttribute("content")).toContain("default-src 'none'");
  });

  it("cuts long labels in tables, where their title is the whole label", () => {
    const long = "x".repeat(224);
    const page = pageOf(madeUpReport({ labels: [long, "y"], perLabel: 3 }));
    const cells = [...documentOf(page).querySelectorAll("table th, table td")];
    const cut = cells.filter((cell) => cell.textContent.includes("…"));
    expect(cells.filter(({ textContent }) => textContent.length > 60).length).toBe(0);
    expect(cut.length).toBeGreaterThan(2);
    for (const cell of cut) expect(cell.getAttribute("title")).toContain(long);
  });

  it("has the sections whose data exist", () => {
    expect(sectionsOf(pages[0][1])).toEqual([
      ...["result", "classes", "mistakes", "worst-clips", "groups", "calibration"],
      ...["unknown", "training", "data"],
    ]);
    expect(sectionsOf(pages[1][1])).not.toContain("mistakes");
    expect(sectionsOf(pages[3][1])).not.toContain("worst-clips");
    expect(sectionsOf(pageOf(madeUpReport({ change: { history: null } })))).not.toContain("training");
  });

  it("begins with the score, its interval and what it means", () => {
    const report = madeUpReport({ perLabel: 40 });
    const [main] = report.parts;
    if (main.net.task !== "single-label") throw new Error("of another task");
    const scored = (balancedAccuracy: number, interval: readonly [number, number]) => ({
      ...main.net,
      ...{ nClips: 40, nGroups: 9, balancedAccuracy, intervals: { balancedAccuracy: interval } },
    });
    const of = (difference: number, interval: readonly [number, number]) => ({
      balancedAccuracy: { difference, interval },
    });
    const part = {
      ...main,
      net: scored(0.751, [0.6, 0.88]),
      majority: scored(0.333, [0.3, 0.35]),
      linear: scored(0.7, [0.6, 0.8]),
      differences: { majority: of(0.418, [0.3, 0.5]), linear: of(0.051, [-0.02, 0.11]) },
    } as typeof main;
    const prose = proseOf(pageOf({ ...report, parts: [part] }), "result");
    expect(prose).toContain(
      "75.1 % balanced accuracy on 40 clips of the test split; 95 % interval 60.0 % to 88.0 %, from 9 groups of clips.",
    );
    expect(prose).toContain(
      "That is 41.8 points above a baseline that never listens (33.3 %), more than chance explains (+30.0 to +50.0); it is 5.1 points above a linear classifier on descriptors (70.0 %), which may be chance (−2.0 to +11.0). Only 40 clips: one clip is worth 2.5 points of accuracy",
    );
  });

  it("shows the scores before calibration, and says why they may differ", () => {
    const WHY = "Calibration acts on each segment, before the mean";
    const report = madeUpReport();
    const heading = ["", "net", "95 % interval", "net, not calibrated", "linear baseline"];
    for (const table of rowsOf(pageOf(report), "result")) expect(table[0].slice(0, 5)).toEqual(heading);
    const [{ net, uncalibrated }] = report.parts;
    const loss = rowsOf(pageOf(report), "result")[0].find(([name]) => name === "loss")!;
    expect([loss[1], loss[3]]).toEqual([net, uncalibrated!].map((scores) => scores.loss.toFixed(3)));
    expect(proseOf(pageOf(report), "result")).toContain(WHY);
    expect(proseOf(pageOf(report), "training")).toContain(`These are from before calibration. ${WHY}`);
    const plain = pageOf(madeUpReport({ isCalibrated: false }));
    expect(rowsOf(plain, "result")[0][0]).not.toContain("net, not calibrated");
    expect(plain).not.toContain(WHY);
  });

  it("calls a linear baseline that is scored as a model by its name", () => {
    const report = { ...madeUpReport({ isCalibrated: false }), kind: "linear" } as Report;
    const parts: Report["parts"] = [{ ...report.parts[0], linear: null }];
    const page = pageOf({ ...report, parts });
    expect(rowsOf(page, "result")[0][0]).toEqual(["", "linear baseline", "95 % interval", "majority class"]);
    expect(page).not.toContain("is missing");
  });

  it("draws no conclusion from five groups", () => {
    const report = madeUpReport();
    const [main] = report.parts;
    const net = { ...main.net, nGroups: 5 };
    const prose = proseOf(pageOf({ ...report, parts: [{ ...main, net }] }), "result");
    expect(prose).toContain("which may be chance, as there are too few groups to tell (");
    expect(prose).not.toContain("more than chance");
  });

  it("says of scores on validation clips that they chose the epoch", () => {
    const report = madeUpReport();
    const alone = { ...report, parts: [report.parts[1]] } as unknown as Report;
    expect(proseOf(pageOf(alone), "result")).toContain(
      "These clips chose the epoch, the temperature and the limit of novelty: the scores are too good, and this is not a test.",
    );
    const parts = (part: string) => documentOf(pageOf(report)).querySelector(`#result ${part}`)!.textContent;
    expect(parts("details")).toContain("These clips chose the epoch");
    expect(parts(".finding")).toContain("The model was not trained on these clips, and they chose nothing.");
    expect(parts(".finding")).not.toContain("These clips chose");
  });

  it("lists the mistakes of a hand-made matrix", () => {
    const report = madeUpReport({ labels: ["a", "b"] });
    const [main] = report.parts;
    const confusion = [
      [3, 1],
      [4, 12],
    ];
    const net = { ...main.net, confusion, nClips: 20 } as typeof main.net;
    const page = pageOf({ ...report, parts: [{ ...main, net }] });
    expect(proseOf(page, "mistakes")).toContain("5 of 20 clips are answered wrongly.");
    expect(rowsOf(page, "mistakes").at(-1)!.slice(1)).toEqual([
      ["b", "a", "4", "25.0\u00a0%"],
      ["a", "b", "1", "25.0\u00a0%"],
    ]);
  });

  it("says how well sounds of no class are told from those of the classes", () => {
    const page = pages[0][1];
    expect(proseOf(page, "unknown")).toContain(
      "is above 2.00. Of the clips of the test split that have a class, 5.0 % are.",
    );
    const [kinds, chart] = rowsOf(page, "unknown");
    expect(kinds.slice(1)).toEqual([
      ["silence", "20", "1.000", "95.0\u00a0%"],
      ["background", "4", "0.750", "50.0\u00a0%"],
    ]);
    expect(chart).toEqual([
      ["novelty", "clips", "no class", "background"],
      ["−0.5", "25", "0", "0"],
      ["0.5", "70", "0", "50"],
      ["1.5", "5", "5", "25"],
      ["2.5", "0", "95", "25"],
    ]);
  });

  it("says why only silence is answered as unknown, if that is so", () => {
    const report = madeUpReport();
    const proseWith = (changes: Partial<Report>) => {
      const parts: Report["parts"] = [{ ...report.parts[0], unknown: null }];
      return proseOf(pageOf({ ...report, parts, ...changes }), "unknown");
    };
    const ONLY = "Only silence is answered as unknown: ";
    expect(proseWith({ calibration: { ...report.calibration!, unknown: null } })).toContain(
      `${ONLY}the model was calibrated without`,
    );
    expect(proseWith({ calibration: null })).toContain(`${ONLY}the model is not calibrated.`);
    expect(proseWith({ kind: "linear" })).toContain(`${ONLY}a linear baseline measures no novelty.`);
  });

  it("says if the training clips set the limit of novelty, too", () => {
    const report = madeUpReport();
    const unknown = { ...report.calibration!.unknown!, basis: "training clips" as const };
    const page = pageOf({ ...report, calibration: { ...report.calibration!, unknown } });
    expect(proseOf(page, "unknown")).toContain("since there are few validation clips");
    expect(proseOf(pageOf(report), "unknown")).not.toContain("few validation clips");
  });

  it("says of a tag that one clip has that it does not count", () => {
    const report = madeUpReport({ task: "multi-label" });
    const [main] = report.parts;
    if (main.net.task !== "multi-label") throw new Error("of another task");
    const net = { ...main.net, meanLabels: ["drums", "flute"] };
    const rows = rowsOf(pageOf({ ...report, parts: [{ ...main, net }] }), "classes")[0];
    expect(rows.at(-1)!.slice(0, 1)).toEqual(["bass"]);
    expect(rows.at(-1)).toContain("too few clips");
    expect(rows.slice(1, -1).flat()).not.toContain("too few clips");
  });

  it("stays small and readable with 500 labels", () => {
    const labels = Array.from({ length: 500 }, (_, i) => `a label with a long name ${i}`);
    const report = madeUpReport({ labels, perLabel: 4, resamples: 2 });
    const page = pageOf(report);
    expect(page.length).toBeLessThan(MOST_BYTES);
    expect(rowsOf(page, "classes")[0]).toHaveLength(501);
    const matrix = rowsOf(page, "mistakes")[0];
    expect(matrix).toHaveLength(41);
    const sum = matrix.slice(1).flatMap((row) => row.slice(1).map(Number));
    expect(sum.reduce((total, count) => total + count, 0)).toBe(report.parts[0].net.nClips);
  });

  it("escapes labels, groups, file names and the command", () => {
    const nasty = `<script>alert('1')</script>"&amp;`;
    const report = madeUpReport({ labels: [nasty, "b"], perGroup: 2, skill: 0.2 });
    const page = pageOf({ ...report, model: nasty, data: nasty, command: nasty });
    expect(page).not.toContain("<script");
    expect(documentOf(page).querySelector("dd code")!.textContent).toBe(nasty);
    expect(documentOf(page).querySelector("#classes tbody th")!.textContent).toBe(nasty);
    expect(documentOf(page).querySelector("#worst-clips")!.textContent).toContain(nasty);
  });

  it("shows a clip's picture and player, or says why there is no sound", () => {
    const report = madeUpReport({ skill: 0.2 });
    const [first, second] = report.parts[0].worst;
    const picture = logMelThumbnail({ shape: [2, 2], data: Float32Array.of(0, 1, 2, 3) });
    const wav = Uint8Array.of(82, 73, 70, 70);
    const page = reportPage(
      report,
      new Map([
        [first.audioHash, { picture, audio: { fromSec: 1, toSec: 4, wav } }],
        [second.audioHash, { picture: null, audio: "The audio file is not where it was." }],
      ]),
    );
    const figures = documentOf(page).querySelectorAll("#worst-clips figure");
    expect(figures[0].querySelector("audio")!.getAttribute("src")).toBe("data:audio/wav;base64,UklGRg==");
    expect(figures[0].querySelector("img")!.getAttribute("src")).toMatch(/^data:image\/png;base64,iVBOR/);
    expect(figures[0].textContent).toContain("Plays 1.0 to 4.0");
    expect(figures[1].textContent).toContain("No sound. The audio file is not where it was.");
  });
});
