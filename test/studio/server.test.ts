import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { studioFiles } from "../../src/commands/studio-files.js";
import { studioServer } from "../../src/commands/studio-server.js";
import { timbrel } from "../commands/cli.js";

let server: Server;
let port: number;
beforeAll(async () => {
  server = studioServer(studioFiles()).listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

/** Asks the server with headers that a browser would not let a page set. */
async function ask(path: string, { method = "GET", ...headers }: Record<string, string> = {}) {
  const asked = request({
    host: "127.0.0.1",
    port,
    path,
    method,
    headers: { Host: `127.0.0.1:${port}`, ...headers },
  });
  asked.end();
  const [response] = await once(asked, "response");
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode as number, headers: response.headers, body: Buffer.concat(parts) };
}

describe("the studio's server", () => {
  it("gives out the page and its files, under a policy that lets them load nothing else", async () => {
    const page = await ask("/");
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('src="dist/studio/studio.js"');
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(page.headers["content-security-policy"]).not.toContain("unsafe-inline");
    const worker = await ask("/dist/studio/tagging-worker.js");
    expect(worker.headers["content-security-policy"]).toBe(page.headers["content-security-policy"]);
    expect(worker.headers["content-type"]).toMatch(/^text\/javascript/);
    expect(worker.headers["cross-origin-embedder-policy"]).toBe("require-corp");
    const model = await ask("/models/instruments.onnx?x=1");
    expect(model.body.equals(readFileSync("models/instruments.onnx"))).toBe(true);
    expect((await ask("/dist/vendor/ort-wasm-simd-threaded.wasm", { method: "HEAD" })).status).toBe(200);
  });

  it.each([
    ["a name that points at this machine (DNS rebinding)", { Host: "evil.example" }, 403],
    ["no host's own name", { Host: "127.0.0.1" }, 403],
    ["another site", { Origin: "https://evil.example" }, 403],
    ["a sandboxed frame", { Origin: "null" }, 403],
    ["another program of this machine", { Origin: "http://127.0.0.1:1" }, 403],
    [
      "a picture or script of another site",
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
      403,
    ],
    ["a page of another port", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" }, 403],
    ["a form", { method: "POST" }, 405],
    ["a link of another site", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" }, 200],
  ])("answers %s: %s -> %i", async (_, headers, status) => {
    expect((await ask("/dist/studio/studio.js", headers as Record<string, string>)).status).toBe(status);
  });

  it.each([
    "/package.json",
    "/../package.json",
    "/dist/studio/../../package.json",
    "/dist/studio/%2e%2e/bin/cli.js",
    "/dist",
  ])("has no file %s", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it("moves localhost to the address to which the browser's memory belongs", async () => {
    const { status, headers } = await ask("/", { Host: `localhost:${port}` });
    expect([status, headers.location]).toEqual([307, `http://127.0.0.1:${port}/`]);
  });
});

describe("timbrel studio", () => {
  it("says that the port is used, and what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = (other.address() as AddressInfo).port;
    const { code, stderr } = await timbrel(".", ["studio", "--port", String(taken)]);
    other.close();
    expect([code, stderr.trim()]).toEqual([
      2,
      `timbrel: --port must be free, got ${taken} (another program uses it); end the program that uses it, or choose another`,
    ]);
  });
});
