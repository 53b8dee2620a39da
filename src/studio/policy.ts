/**
 * What the studio's page may load and run: nothing but its own files. The page itself says so, for servers that send no headers, and
 * `timbrel studio` sends it with every file, since a worker has the policy of its own response.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'", // ONNX Runtime and the decoders of MP3, Vorbis and Opus are WebAssembly
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
