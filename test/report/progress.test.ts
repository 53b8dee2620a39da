import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { progressBar } from "../../src/report/progress.js";

let written: string;
const isTTY = process.stderr.isTTY;
beforeEach(() => {
  written = "";
  process.stderr.isTTY = false;
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += text;
    return true;
  });
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

describe("progressBar without a terminal", () => {
  it("writes a line with the time left per tenth, on stderr", () => {
    const bar = progressBar("extracting", 200);
    for (let done = 1; done <= 200; done++) {
      vi.setSystemTime(done * 1000);
      bar.update(done, done === 200 ? "2 failed" : undefined);
    }
    bar.stop();
    const lines = written.trimEnd().split("\n");
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe("extracting 10 % (20/200), 3 min 0 s left");
    expect(lines[8]).toBe("extracting 90 % (180/200), 20 s left");
    expect(lines[9]).toBe("extracting 100 % (200/200), 2 failed");
  });
  it("writes one line for a jump over several tenths", () => {
    const bar = progressBar("extracting", 10);
    vi.setSystemTime(1000);
    bar.update(5);
    bar.update(5);
    expect(written).toBe("extracting 50 % (5/10), 1 s left\n");
  });
  it("writes a line after half a minute without one, and still one for the next tenth", () => {
    const bar = progressBar("extracting", 200);
    for (const [seconds, done] of [
      [29, 1],
      [30, 3],
      [59, 4],
      [60, 6],
      [61, 20],
    ]) {
      vi.setSystemTime(seconds * 1000);
      bar.update(done);
    }
    expect(written.match(/\(\d+\/200\)/g)).toEqual(["(3/200)", "(6/200)", "(20/200)"]);
  });
});
