import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { csvLine } from "../../src/core/csv.js";
import { FRONT_END_PRESETS } from "../../src/features/front-end.js";
import {
  audacityLabels,
  EVENTS_CSV_HEAD,
  eventsCsv,
  ravenTable,
  taggingCsv,
  taggingCsvHead,
  taggingJson,
} from "../../src/report/tagging-files.js";
import { taggingText } from "../../src/report/tagging-text.js";
import type { Tagging } from "../../src/tagging/tagger.js";
import type { Tag } from "../../src/tagging/tags.js";

const LABELS = ["bass", 'sax, "alto"', "tab\there"];
/** The tags of these probabilities, most probable first. */
const tagsOf = (...probabilities: number[]): Tag[] =>
  LABELS.map((label, i) => ({
    ...{ label, probability: probabilities[i], threshold: null },
    isPresent: probabilities[i] >= 0.375,
  })).sort((a, b) => b.probability - a.probability);

const KNOWN = { novelty: null, isUnknown: false };

const TAGGING: Tagging = {
  durationSec: 4.5,
  tags: tagsOf(0.25, 0.625, 0.125),
  segments: [
    { startSec: 0, endSec: 3, tags: tagsOf(0.125, 0.75, 0.125), weight: 2, ...KNOWN },
    { startSec: 1.5, endSec: 4.5, tags: tagsOf(0.375, 0.5, 0.125), weight: 0.5, ...KNOWN },
  ],
  ...KNOWN,
  noveltyLimit: null,
  events: [
    { startSec: 0, endSec: 4.5, label: 'sax, "alto"', probability: 0.625 },
    { startSec: 1.23456789, endSec: 2, label: "tab\there\r\nand\u001bthere", probability: 2 / 3 },
  ],
  warnings: [],
};
const NONE: Tagging = { ...TAGGING, segments: [], events: [] };

describe("csvLine", () => {
  it("quotes cells with commas, quotes and line breaks, and no others", () => {
    expect(csvLine(["a b", 0.5, "", "c;d\te", "ü"])).toBe("a b,0.5,,c;d\te,ü");
    expect(csvLine(['say "a"', "a,b", "a\nb", "a\rb"])).toBe('"say ""a""","a,b","a\nb","a\rb"');
  });
  it("is read back by a parser of RFC 4180", () => {
    const cells = ['"', '""', ",", "\n", "\r\n", 'a"b,c\n', " x "];
    expect(parse(`${csvLine(cells)}\n`)).toEqual([cells]);
  });
});

describe("an answer as CSV", () => {
  it("has a line for the file, with the labels in the order of the model", () => {
    expect([
      taggingCsvHead(LABELS),
      ...taggingCsv("a.wav", TAGGING, { labels: LABELS, segments: false }),
    ]).toEqual([
      'file,start,end,predicted,bass,"sax, ""alto""",tab\there',
      'a.wav,0,4.5,"sax, ""alto""",0.25,0.625,0.125',
    ]);
  });
  it("has a line for each segment, with every label that is an answer", () => {
    expect(taggingCsv("a, b.wav", TAGGING, { labels: LABELS, segments: true })).toEqual([
      '"a, b.wav",0,3,"sax, ""alto""",0.125,0.75,0.125',
      '"a, b.wav",1.5,4.5,"sax, ""alto""|bass",0.375,0.5,0.125',
    ]);
  });
  it("has a line for each event, its time in milliseconds", () => {
    expect([EVENTS_CSV_HEAD, ...eventsCsv("a.wav", TAGGING)]).toEqual([
      "file,start,end,label,probability",
      'a.wav,0,4.5,"sax, ""alto""",0.625',
      'a.wav,1.235,2,"tab\there\r\nand\u001bthere",0.666667',
    ]);
    expect(eventsCsv("a.wav", NONE)).toEqual([]);
  });
});

describe("an answer as JSON", () => {
  const shown = { top: 1, segments: false, events: false };
  it("holds the most probable tags, and segments and events only if they are asked for", () => {
    expect(JSON.parse(taggingJson("a.wav", TAGGING, shown))).toEqual({
      file: "a.wav",
      durationSec: 4.5,
      tags: [{ label: 'sax, "alto"', probability: 0.625, threshold: null, isPresent: true }],
      isUnknown: false,
      novelty: null,
      noveltyLimit: null,
      warnings: [],
    });
    const { segments, events } = JSON.parse(
      taggingJson("a.wav", TAGGING, { top: 2, segments: true, events: true }),
    ) as Tagging;
    expect(segments).toEqual(TAGGING.segments.map((each) => ({ ...each, tags: each.tags.slice(0, 2) })));
    expect(events).toEqual(TAGGING.events);
  });
});

describe("an Audacity label track", () => {
  it("has a line for each event: beginning, end and label, separated by tabs", () => {
    expect(audacityLabels(TAGGING)).toEqual([
      '0.000000\t4.500000\tsax, "alto"',
      "1.234568\t2.000000\ttab here and there",
    ]);
  });
  it("is written as Audacity's manual shows it", () => {
    const events = [
      { startSec: 2.15, endSec: 2.15, label: "point label at 2.15 seconds", probability: 1 },
      { startSec: 3.4, endSec: 6.1, label: "region label from 3.4 to 6.1 seconds", probability: 1 },
    ];
    expect(audacityLabels({ ...NONE, events })).toEqual([
      "2.150000\t2.150000\tpoint label at 2.15 seconds",
      "3.400000\t6.100000\tregion label from 3.4 to 6.1 seconds",
    ]);
  });
});

describe("a selection table of Raven", () => {
  const front = FRONT_END_PRESETS.musicnn; // hears 0 to 8000 Hz
  const HEAD =
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation\tScore\tBegin Path\tFile Offset (s)";
  it("has a numbered line for each event", () => {
    expect(ravenTable("in\ta.wav", TAGGING, front)).toEqual([
      HEAD,
      '1\tSpectrogram 1\t1\t0.000\t4.500\t0\t8000\tsax, "alto"\t0.6250\tin a.wav\t0.000',
      "2\tSpectrogram 1\t1\t1.235\t2.000\t0\t8000\ttab here and there\t0.6667\tin a.wav\t1.235",
    ]);
  });
  it("is a heading if there are no events", () => {
    expect(ravenTable("a.wav", NONE, front)).toEqual([HEAD]);
  });
});

describe("an answer as text", () => {
  it("has bars for the clip, and tables of segments and events", () => {
    expect(taggingText("a.wav", TAGGING, { top: 2, segments: true, events: true }).split("\n")).toEqual([
      "a.wav (4.5 s)",
      '  sax, "alto"   62.5 %  ###################',
      "  bass          25.0 %  ########",
      "  start   end  tags",
      '   0.00  3.00  sax, "alto" 75.0 %, bass 12.5 %',
      '   1.50  4.50  sax, "alto" 50.0 %, bass 37.5 %',
      "  start   end  event",
      '   0.00  4.50  sax, "alto" 62.5 %',
      "   1.23  2.00  tab\\there\\u000d\\nand\\u001bthere 66.7 %",
    ]);
  });
  it("names the tags that reach their thresholds, and shows them first", () => {
    const shown = { top: 2, segments: false, events: false };
    const tag = (label: string, probability: number, threshold: number) => ({
      ...{ label, probability, threshold },
      isPresent: probability >= threshold,
    });
    const tags = [tag("bass", 0.5, 0.625), tag("sax\n", 0.375, 0.25), tag("harp", 0.125, 0.5)];
    expect(taggingText("a.wav", { ...NONE, tags }, shown).split("\n")).toEqual([
      "a.wav (4.5 s): sax\\n",
      "  sax\\n   37.5 %  ###########",
      "  bass    50.0 %  ###############  below its threshold, 62.5 %",
    ]);
    const none = { ...NONE, tags: tags.slice(0, 1) };
    expect(taggingText("a.wav", none, shown).split("\n")[0]).toBe(
      "a.wav (4.5 s): no tag reaches its threshold",
    );
  });
  it("says that a clip or a segment is unknown, in text and in CSV", () => {
    const [known, other] = TAGGING.segments;
    const unknown: Tagging = {
      ...{ ...TAGGING, isUnknown: true, novelty: 3.125, noveltyLimit: 1.5, events: [] },
      segments: [known, { ...other, isUnknown: true }],
    };
    const shown = { top: 1, segments: true, events: false };
    const lines = taggingText("a.wav", unknown, shown).split("\n");
    expect([lines[0], ...lines.slice(-2)]).toEqual([
      'a.wav (4.5 s): unknown: unlike the training sounds (novelty 3.1, limit 1.5); nearest is sax, "alto"',
      '   0.00  3.00  sax, "alto" 75.0 %',
      "   1.50  4.50  unknown",
    ]);
    const silent: Tagging = {
      ...unknown,
      warnings: [{ code: "silent", message: "all samples are zero" }],
    };
    expect(taggingText("a.wav", silent, shown).split("\n")[0]).toBe("a.wav (4.5 s): unknown: it is silent");
    const csv = taggingCsv("a.wav", unknown, { labels: LABELS, segments: true });
    expect(csv[1]).toBe("a.wav,1.5,4.5,unknown,0.375,0.5,0.125");
  });
  it("says that there are none", () => {
    const lines = taggingText("a.wav", NONE, { top: 1, segments: false, events: true }).split("\n");
    expect(lines.slice(2)).toEqual(["  no events"]);
  });
});
