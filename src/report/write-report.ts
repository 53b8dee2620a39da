import { writeTogether } from "../store/atomic-file.js";
import { clipMedia } from "./clip-media.js";
import { makeReport, type ReportSource } from "./make-report.js";
import { modelCard } from "./model-card.js";
import { reportPage } from "./report-page.js";

/** Where to write a report. */
export interface ReportPaths {
  /** The HTML page. */
  readonly page: string;
  /** Every number of the page, as JSON. */
  readonly numbers: string;
  /** The model card; null for none. */
  readonly card: string | null;
}

/**
 * Writes a report: its page, its numbers and the model's card; if one cannot be written, none is.
 * @param options.storeDir folder of the store, whose audio files the page plays; null if the data are in no store
 * @throws DataError if a file cannot be written
 */
export async function writeReport(
  source: ReportSource,
  { paths, storeDir }: { paths: ReportPaths; storeDir: string | null },
): Promise<void> {
  const report = makeReport(source);
  const media = await clipMedia(report.parts[0].worst, { data: source.data, storeDir });
  const files = new Map([
    [paths.numbers, `${JSON.stringify(report)}\n`],
    [paths.page, reportPage(report, media)],
  ]);
  if (paths.card !== null) files.set(paths.card, modelCard(report));
  writeTogether(files);
}
