/** Gives the user a file to keep. */
export function download(
  name: string,
  content: Uint8Array | string,
  type = "application/octet-stream",
): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
