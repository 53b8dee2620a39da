export const TAGGING_CSV_COLUMNS = ["file", "start", "end", "predicted"];
export const EVENTS_CSV_COLUMNS = ["file", "start", "end", "label", "probability"];
export const RAVEN_COLUMNS = [
  "Selection",
  "View",
  "Channel",
  "Begin Time (s)",
  "End Time (s)",
  "Low Freq (Hz)",
  "High Freq (Hz)",
  "Annotation",
  "Score",
  "Begin Path",
  "File Offset (s)",
];

/** How answers in files begin. Text and Audacity's labels have no heading, but their first line has a form of its own. */
export const TAGGING_HEAD = new RegExp(
  [
    "[^\\n]+ \\(\\d+\\.\\d s\\)(: [^\\n]+)?\\n {2}\\S", // text
    '\\{"file":".*"durationSec":',
    TAGGING_CSV_COLUMNS.join(","),
    EVENTS_CSV_COLUMNS.join(","),
    "\\d+\\.\\d{6}\\t\\d+\\.\\d{6}\\t", // Audacity
    RAVEN_COLUMNS.slice(0, 3).join("\t"),
  ]
    .map((head) => `^${head}`)
    .join("|"),
);
