/** The eleven classes of the default data: ten instrument families and drums. */
export const LABELS = [
  "keyboard",
  "mallet",
  "organ",
  "guitar",
  "bass",
  "string",
  "vocal",
  "brass",
  "reed",
  "flute",
  "drums",
] as const;
export type Label = (typeof LABELS)[number];

/**
 * A General MIDI program, counted from 0, with its family and the keys [MIDI note number] that a player can reach,
 * slightly beyond the comfortable range. Programs that are not listed (accordions, harmonica, guitar harmonics,
 * synth basses, timpani, synth strings, pads, effects ...) share samples across families or fit none, and are left out.
 */
export interface Program {
  readonly label: Label;
  readonly lowKey: number;
  readonly highKey: number;
}

const program = (label: Label, lowKey: number, highKey: number): Program => ({ label, lowKey, highKey });

export const PROGRAMS: ReadonlyMap<number, Program> = new Map([
  [0, program("keyboard", 21, 108)], // grand piano
  [1, program("keyboard", 24, 104)],
  [2, program("keyboard", 24, 104)],
  [3, program("keyboard", 28, 100)], // honky-tonk
  [4, program("keyboard", 28, 98)], // electric pianos
  [5, program("keyboard", 28, 98)],
  [6, program("keyboard", 29, 89)], // harpsichord
  [7, program("keyboard", 29, 88)], // clavinet
  [8, program("mallet", 60, 108)], // celesta
  [9, program("mallet", 72, 108)], // glockenspiel
  [10, program("mallet", 60, 100)], // music box
  [11, program("mallet", 53, 89)], // vibraphone
  [12, program("mallet", 45, 96)], // marimba
  [13, program("mallet", 60, 108)], // xylophone
  [14, program("mallet", 53, 79)], // tubular bells
  [15, program("mallet", 48, 88)], // dulcimer
  [16, program("organ", 28, 96)],
  [17, program("organ", 28, 96)],
  [18, program("organ", 28, 96)],
  [19, program("organ", 24, 98)], // church organ
  [20, program("organ", 36, 88)], // reed organ
  [24, program("guitar", 40, 84)],
  [25, program("guitar", 40, 86)],
  [26, program("guitar", 40, 84)],
  [27, program("guitar", 40, 86)],
  [28, program("guitar", 40, 80)], // muted
  [29, program("guitar", 40, 86)],
  [30, program("guitar", 40, 86)],
  [32, program("bass", 26, 62)], // double bass, plucked
  [33, program("bass", 24, 70)],
  [34, program("bass", 24, 70)],
  [35, program("bass", 24, 70)],
  [36, program("bass", 24, 68)],
  [37, program("bass", 24, 68)],
  [40, program("string", 55, 100)], // violin
  [41, program("string", 48, 88)],
  [42, program("string", 36, 82)],
  [43, program("string", 26, 67)], // contrabass
  [44, program("string", 30, 96)], // tremolo
  [45, program("string", 30, 96)], // pizzicato
  [46, program("string", 24, 103)], // harp
  [48, program("string", 28, 96)],
  [49, program("string", 28, 96)],
  [52, program("vocal", 40, 84)],
  [53, program("vocal", 40, 84)],
  [56, program("brass", 52, 87)], // trumpet
  [57, program("brass", 36, 76)],
  [58, program("brass", 26, 65)], // tuba
  [59, program("brass", 52, 87)],
  [60, program("brass", 34, 80)],
  [61, program("brass", 36, 84)],
  [64, program("reed", 54, 90)], // soprano saxophone
  [65, program("reed", 48, 84)],
  [66, program("reed", 42, 79)],
  [67, program("reed", 34, 74)],
  [68, program("reed", 57, 93)], // oboe
  [69, program("reed", 50, 84)],
  [70, program("reed", 33, 76)], // bassoon
  [71, program("reed", 49, 95)], // clarinet
  [72, program("flute", 72, 108)], // piccolo
  [73, program("flute", 58, 98)],
  [74, program("flute", 60, 96)],
  [75, program("flute", 58, 96)],
  [76, program("flute", 48, 86)], // blown bottle
  [77, program("flute", 53, 90)],
  [78, program("flute", 60, 100)],
  [79, program("flute", 58, 92)],
]);

/** What an instrument can play: its family, the keys that it reaches [MIDI note numbers], and whether several at once. */
export interface Compass {
  readonly label: Label;
  readonly playsChords: boolean;
  readonly low: number;
  readonly high: number;
}

/** Keys of the drum channel that are rendered: General MIDI's percussion map. */
export const DRUM_KEYS = { low: 35, high: 81 } as const;

/** Families that play several notes at once. */
export const CHORD_LABELS: ReadonlySet<Label> = new Set(["keyboard", "mallet", "organ", "guitar", "string"]);

/** Families whose notes last as long as the player wants. */
export const SUSTAINED_LABELS: ReadonlySet<Label> = new Set([
  "organ",
  "string",
  "vocal",
  "brass",
  "reed",
  "flute",
]);
