import { createReadStream } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { CONTENT_SECURITY_POLICY } from "../studio/policy.js";

/** The only address that the studio is served on: other machines cannot reach it. */
export const STUDIO_HOST = "127.0.0.1";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
  ".onnx": "application/octet-stream",
};

const HEADERS = {
  "Content-Security-Policy": `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  // ONNX Runtime's threads need a page that is isolated from others.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Permissions-Policy": "microphone=(self)",
  "Cache-Control": "no-cache", // a newer version of timbrel may have the same addresses
};

/**
 * Makes the studio's server. It gives out the files that it was given and nothing else, and answers only the page itself: a page of another
 * site that finds this server, or that points its own name at this machine (DNS rebinding), gets nothing.
 * @param files paths of files by their addresses, as `studioFiles` lists them
 */
export function studioServer(files: ReadonlyMap<string, string>): Server {
  const server: Server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    answer(request, response, { files, host: `${STUDIO_HOST}:${port}`, other: `localhost:${port}` });
  });
  return server;
}

function answer(
  { method, headers, url = "/" }: IncomingMessage,
  response: ServerResponse,
  { files, host, other }: { files: ReadonlyMap<string, string>; host: string; other: string },
): void {
  const refuse = (status: number, reason: string, more = {}) =>
    response
      .writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8", ...more })
      .end(`${reason}\n`);
  const [path] = url.split("?");
  if (headers.host !== host && headers.host !== other)
    return void refuse(403, `The studio answers only at http://${host}/.`);
  if (isFromOtherPage(headers, host)) return void refuse(403, "The studio answers only its own page.");
  if (method !== "GET" && method !== "HEAD")
    return void refuse(405, "The studio only gives out its files.", { Allow: "GET, HEAD" });
  // Browsers store a page's data by its address, so the page must have only one.
  if (headers.host === other) return void refuse(307, "Moved.", { Location: `http://${host}${path}` });
  const file = files.get(path === "/" ? "index.html" : path.slice(1));
  if (file === undefined) return void refuse(404, "The studio has no such file.");
  response.writeHead(200, { ...HEADERS, "Content-Type": TYPES[extname(file)] });
  if (method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

/** Whether another page asks, other than by a link to the studio. */
function isFromOtherPage(headers: IncomingHttpHeaders, host: string): boolean {
  const site = headers["sec-fetch-site"] ?? "none";
  const isOwn = site === "same-origin" || site === "none" || headers["sec-fetch-mode"] === "navigate";
  return !isOwn || (headers.origin !== undefined && headers.origin !== `http://${host}`);
}
