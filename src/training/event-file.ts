import crc32c from "crc-32/crc32c.js";
import protobuf from "protobufjs/minimal.js";
import type { EpochRecord } from "./fit.js";

/** Numbers of the fields in TensorFlow's messages `Event`, `Summary` and `Summary.Value`. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2 } as const;
/** Types of fields on the wire. */
const [VARINT, DOUBLE, BYTES, FLOAT] = [0, 1, 2, 5];

/**
 * The scalars of a run as TensorBoard reads them: one event for every epoch, whose step is the epoch's number, and whose
 * time is that many seconds after 1970, because a run knows no clock: the same run gives the same bytes.
 *
 * Same as: tensorboard 2.21, EventFileWriter's bytes for the same events; test/training/event-file.test.ts
 * References: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto and
 * .../tensorflow/core/lib/io/record_writer.h
 */
export function encodeEvents(history: readonly EpochRecord[]): Uint8Array {
  const version = protobuf.Writer.create()
    .uint32(tag(EVENT.fileVersion, BYTES))
    .string("brain.Event:2")
    .finish();
  const records = [version, ...history.map(encodeEpoch)].map(encodeRecord);
  const bytes = new Uint8Array(records.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const record of records) {
    bytes.set(record, offset);
    offset += record.length;
  }
  return bytes;
}

/** The numbers of an epoch by the names under which TensorBoard shows them; a name's part before the slash is its section. */
export function scalarsOf(record: EpochRecord): [name: string, value: number][] {
  const { trainLoss, cleanTrainLoss, cleanTrainScore, learningRate, layers = [] } = record;
  const { loss, ...scores } = record.valid;
  const all: [string, number | null | undefined][] = [
    ["loss/train", trainLoss],
    ["loss/clean", cleanTrainLoss],
    ["loss/valid", loss],
    ...Object.entries(scores).map(([name, value]) => [`score/${name}`, value] as [string, number]),
    ["score/clean", cleanTrainScore],
    ["learningRate", learningRate],
    ...layers.flatMap(({ layer, activation: _activation, activationCount: _count, ...numbers }) =>
      Object.entries(numbers).map(([name, value]) => [`${name}/${layer}`, value] as [string, number | null]),
    ),
  ];
  return all.filter((entry): entry is [string, number] => typeof entry[1] === "number");
}

function encodeEpoch(record: EpochRecord): Uint8Array {
  const { epoch } = record;
  const event = protobuf.Writer.create();
  event.uint32(tag(EVENT.wallTime, DOUBLE)).double(epoch);
  event.uint32(tag(EVENT.step, VARINT)).int64(epoch);
  event.uint32(tag(EVENT.summary, BYTES)).fork();
  for (const [name, value] of scalarsOf(record)) {
    event.uint32(tag(SUMMARY.value, BYTES)).fork();
    event.uint32(tag(VALUE.tag, BYTES)).string(name);
    event.uint32(tag(VALUE.simpleValue, FLOAT)).float(value);
    event.ldelim();
  }
  return event.ldelim().finish();
}

const tag = (field: number, wireType: number) => field * 8 + wireType;

/** A record of a TFRecord file: length, its checksum, data, their checksum. */
function encodeRecord(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return bytes;
}

/** CRC-32C, rotated and shifted by a constant, because the checksum of data that holds its checksum is weak. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
