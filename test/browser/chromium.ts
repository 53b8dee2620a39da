import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const ROOT = resolve(import.meta.dirname, "../..");

/** Chromium of the system; undefined if there is none. */
export const CHROMIUM = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

const PAGE =
  '<!doctype html><script type="module">import * as timbrel from "/dist/browser/index.js"; globalThis.timbrel = timbrel;</script>';

/** Serves a folder as any static server would. An isolated page gets the headers that threads need. */
export function serve(root: string, isIsolated: boolean): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    const isolation = {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    };
    const headers = isIsolated ? isolation : {};
    const path = join(root, normalize(decodeURIComponent(url === "/" ? "/index.html" : url)));
    if (url === "/" && !existsSync(path)) {
      response.writeHead(200, { "Content-Type": "text/html", ...headers }).end(PAGE);
      return;
    }
    if (!path.startsWith(root) || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      ...headers,
    });
    createReadStream(path).pipe(response);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** The page of a folder; without one, of the checkout, in which `timbrel` is timbrel/browser. */
export async function openPage({ root = ROOT, isIsolated = false } = {}): Promise<{
  page: Page;
  close(): Promise<void>;
}> {
  const server = await serve(root, isIsolated);
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--enable-features=Vulkan",
    ],
  });
  const page = await browser.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => "timbrel" in globalThis);
  return {
    page,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
