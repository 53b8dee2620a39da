import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AUDIO_EXTENSIONS, decodeAudio } from "../../src/audio/decode.js";
import { ascii, buildWav } from "./build-wav.js";

const fixtures = new URL("./fixtures/", import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
const head = (name: string, fraction: number) => fixture(name).subarray(0, fixture(name).length * fraction);

describe("decodeAudio", () => {
  it("goes by the bytes, not by the name", async () => {
    expect((await decodeAudio(fixture("flac.flac"), "song.mp3")).format.container).toBe("FLAC");
    expect((await decodeAudio(buildWav(), "song.ogg")).format.container).toBe("WAV");
    expect((await decodeAudio(fixture("mp3.mp3"), "song")).format.container).toBe("MP3");
  });

  it("reads an MP3 file with and without an ID3 tag", async () => {
    const tagged = fixture("mp3.mp3");
    expect(tagged.subarray(0, 3)).toEqual(Uint8Array.from(ascii("ID3")));
    const size = 10 + tagged.subarray(6, 10).reduce((sum, byte) => sum * 128 + byte, 0);
    const [a, b] = [await decodeAudio(tagged, "a.mp3"), await decodeAudio(tagged.subarray(size), "b.mp3")];
    expect(a.channelData).toEqual(b.channelData);
  });

  it("lists the extensions of the formats that it reads", () => {
    for (const ending of [".wav", ".mp3", ".ogg", ".flac", ".opus"])
      expect(AUDIO_EXTENSIONS).toContain(ending);
  });

  it("warns about a FLAC file that ends early", async () => {
    const { warnings, format } = await decodeAudio(head("flac.flac", 0.9), "a.flac");
    expect(warnings.map(({ message }) => message)).toEqual([
      `the FLAC header declares 8820 samples, the file holds ${format.nSamples}: 0.087 s of 0.400 s of audio is missing`,
    ]);
  });

  it("warns about an OGG stream without its end", async () => {
    const bytes = fixture("vorbis.ogg");
    const lastPage = bytes.findLastIndex(
      (_, at) => String.fromCharCode(...bytes.subarray(at, at + 4)) === "OggS",
    );
    bytes[lastPage + 5] &= ~4; // no longer marked as the end; the page's checksum no longer matches either
    const result = decodeAudio(bytes, "a.ogg").then(
      ({ warnings }) => warnings.map(({ message }) => message).join(),
      (error: Error) => error.message,
    );
    await expect(result).resolves.toMatch(/lacks its last page|gave no samples/);
  });

  it.each([
    ["MP4 (AAC or ALAC)", [0, 0, 0, 32, ...ascii("ftypM4A ")]],
    ["AAC", [0xff, 0xf1, 0x50, 0x80, 0x01, 0x1f, 0xfc, 0, 0xff, 0xf1]],
    ["Windows Media Audio", [0x30, 0x26, 0xb2, 0x75]],
    ["Sony Wave64", [...ascii("riff"), 0x2e, 0x91, 0xcf, 0x11]],
  ])("rejects %s and names the format", async (name, bytes) => {
    await expect(decodeAudio(Uint8Array.from(bytes), "a")).rejects.toThrow(
      `a: ${name} file, which timbrel does not read; convert it to WAV or FLAC`,
    );
  });

  it("says that MIDI holds no sound", async () => {
    await expect(decodeAudio(Uint8Array.from(ascii("MThd")), "a.mid")).rejects.toThrow(
      "a.mid: MIDI file, which holds notes instead of sound; render it to WAV",
    );
  });

  it.each([
    ["flac.flac", "FLAC (FLAC) decoding gave no samples; the file is damaged or empty"],
    ["vorbis.ogg", "OGG (Vorbis) decoding gave no samples; the file is damaged or empty"],
    ["opus.opus", "OGG (Opus) decoding gave no samples; the file is damaged or empty"],
    ["mp3.mp3", "MP3 (MPEG layer 3) decoding gave no samples; the file is damaged or empty"],
  ])("rejects a %s cut so short that it holds no samples", async (name, reason) => {
    await expect(decodeAudio(head(name, 0.1), name)).rejects.toMatchObject({
      name: "DataError",
      message: `${name}: ${reason}`,
    });
  });
});
