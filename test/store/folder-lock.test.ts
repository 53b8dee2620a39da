import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { LOCK_FILE, whileLocked } from "../../src/store/folder-lock.js";
import { type LockOwner, stateOf, thisProcess } from "../../src/store/lock-owner.js";
import { makeFolder } from "./files.js";
import { rejectionOf } from "./message-of.js";

// Other processes and threads run compiled files: test/build.ts builds them first.
const compiled = new URL("../../dist/src/store/folder-lock.js", import.meta.url).href;
const isLinux = process.platform === "linux";

/** A process that has ended. */
const ended: LockOwner = {
  ...thisProcess("0123456789ab"),
  pid: spawnSync(process.execPath, ["-e", ""]).pid,
  startTicks: "1",
};

const lockFolder = (owner: object) => {
  const dir = makeFolder();
  writeFileSync(join(dir, LOCK_FILE), JSON.stringify(owner));
  return dir;
};

describe("whileLocked", () => {
  it("lets one call at a time write to a folder, and leaves no lock", async () => {
    const dir = makeFolder();
    const inner = await whileLocked(dir, () => rejectionOf(whileLocked(dir, async () => {})));
    const { pid, host } = thisProcess("");
    expect(inner).toBe(
      `${dir}: is being written by process ${pid} on host ${host}; wait for it, or choose another folder`,
    );
    await expect(whileLocked(dir, () => Promise.reject(new Error("work")))).rejects.toThrow("work");
    expect(await whileLocked(dir, async () => "done")).toBe("done");
    expect(readdirSync(dir)).toEqual([]);
  });

  it("makes the folder, and removes it again if the work leaves it empty", async () => {
    const dir = join(makeFolder(), "a/b");
    await whileLocked(dir, async () => {});
    expect(existsSync(join(dir, ".."))).toBe(false);
    await whileLocked(dir, async () => writeFileSync(join(dir, "x"), ""));
    expect(readdirSync(dir)).toEqual(["x"]);
  });

  it("keeps other processes out while one writes, and takes over when that one is killed", async () => {
    const dir = makeFolder();
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `import { whileLocked } from ${JSON.stringify(compiled)};
       setInterval(() => {}, 1e6);
       await whileLocked(${JSON.stringify(dir)}, () => { console.log("locked"); return new Promise(() => {}); });`,
    ]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(await rejectionOf(whileLocked(dir, async () => {}))).toBe(
      `${dir}: is being written by process ${child.pid} on host ${thisProcess("").host}; wait for it, or choose another folder`,
    );
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(readdirSync(dir)).toEqual([LOCK_FILE]);
    await whileLocked(dir, async () => {});
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is released by process.exit", () => {
    const dir = makeFolder();
    const script = `
      import { readdirSync } from "node:fs";
      import { whileLocked } from ${JSON.stringify(compiled)};
      await whileLocked(${JSON.stringify(dir)}, async () => {
        console.log(readdirSync(${JSON.stringify(dir)}).join());
        process.exit(3);
      });`;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    expect([status, stdout.toString().trim(), readdirSync(dir)]).toEqual([3, LOCK_FILE, []]);
  });

  it("names host, process and file of a lock whose owner it cannot see", async () => {
    const dir = lockFolder({ ...ended, host: "studio", pid: 1234 });
    expect(await rejectionOf(whileLocked(dir, async () => {}))).toBe(
      `${dir}: is being written by process 1234 on host studio; wait for it, or choose another folder; if it no longer runs, delete ${join(dir, LOCK_FILE)}`,
    );
  });

  it("names a lock file that names no process", async () => {
    const dir = lockFolder({ pid: 1 });
    expect(await rejectionOf(whileLocked(dir, async () => {}))).toBe(
      `${dir}: holds a lock that names no process; if nothing is writing to the folder, delete ${join(dir, LOCK_FILE)}`,
    );
  });

  it("names a folder where the lock file belongs", async () => {
    const dir = makeFolder();
    mkdirSync(join(dir, LOCK_FILE));
    expect(await rejectionOf(whileLocked(dir, async () => {}))).toBe(
      `${dir}: holds a folder where its lock file belongs; delete or rename ${join(dir, LOCK_FILE)}`,
    );
    expect(readdirSync(dir)).toEqual([LOCK_FILE]);
  });

  it("removes what processes left that were killed while they took the lock", async () => {
    const dir = lockFolder(ended);
    writeFileSync(join(dir, `${LOCK_FILE}.${ended.id}`), JSON.stringify({ ...ended, id: "aaaaaaaaaaaa" }));
    writeFileSync(join(dir, `${LOCK_FILE}.bbbbbbbbbbbb`), JSON.stringify({ ...ended, id: "cccccccccccc" }));
    writeFileSync(join(dir, `${LOCK_FILE}.dddddddddddd.part`), '{"id"');
    await whileLocked(dir, async () => expect(readdirSync(dir)).toEqual([LOCK_FILE]));
  });

  it("is taken over by one of many that find its owner dead", async () => {
    const dir = lockFolder(ended);
    const inside = new SharedArrayBuffer(4);
    // Whoever gets in leaves the lock of a dead process behind, as if killed: every further try is a takeover.
    const thread = `
      const { parentPort, workerData: { dir, dead, inside, compiled } } = require("node:worker_threads");
      const { renameSync, writeFileSync } = require("node:fs");
      const { randomBytes } = require("node:crypto");
      import(compiled).then(async ({ whileLocked, LOCK_FILE }) => {
        const count = new Int32Array(inside);
        const found = { in: 0, together: 0, errors: [] };
        for (let i = 0; i < 150; i++)
          await whileLocked(dir, async () => {
            found.in++;
            if (Atomics.add(count, 0, 1) > 0) found.together++;
            const id = randomBytes(6).toString("hex");
            writeFileSync(dir + "/" + id, JSON.stringify({ ...dead, id }));
            Atomics.sub(count, 0, 1);
            renameSync(dir + "/" + id, dir + "/" + LOCK_FILE);
          }).catch(({ message }) => found.errors.push(message));
        parentPort.postMessage(found);
      });`;
    const workerData = { dir, dead: ended, inside, compiled };
    const results = await Promise.all(
      Array.from({ length: 4 }, () => {
        const worker = new Worker(thread, { eval: true, workerData });
        return new Promise<{ in: number; together: number; errors: string[] }>((resolve, reject) => {
          worker.once("message", resolve).once("error", reject);
        });
      }),
    );
    expect(results.map(({ together }) => together)).toEqual([0, 0, 0, 0]);
    for (const { errors } of results)
      for (const line of errors) expect(line).toContain(`is being written by process ${process.pid}`);
    expect(results.reduce((sum, found) => sum + found.in + found.errors.length, 0)).toBe(600);
    expect(results.reduce((sum, found) => sum + found.in, 0)).toBeGreaterThan(0);
  });
});

describe("stateOf", () => {
  const own = thisProcess("0123456789ab");
  it.each<[string, Partial<LockOwner>, string]>([
    ["this process", {}, isLinux ? "alive" : "unknown"],
    ["a process that has ended", ended, "dead"],
    ["a process of another host", { host: "studio" }, "unknown"],
    ["a process of another container", { processes: "another" }, "unknown"],
    ["a process before the machine was started", { boot: "another" }, "dead"],
  ])("of %s", (_, changes, state) => {
    expect(stateOf({ ...own, ...changes })).toBe(state);
  });
  it.runIf(isLinux)("tells a process from an earlier one of the same id by its start time", () => {
    expect(stateOf({ ...own, startTicks: "1" })).toBe("dead");
  });
  it("does not tell where the system gives no start times", () => {
    expect(stateOf({ ...own, startTicks: "" })).toBe("unknown");
  });
});

it("a lock says who holds it", async () => {
  const dir = makeFolder();
  const text = await whileLocked(dir, async () => readFileSync(join(dir, LOCK_FILE), "utf8"));
  expect(JSON.parse(text)).toMatchObject({ pid: process.pid, host: thisProcess("").host });
});
