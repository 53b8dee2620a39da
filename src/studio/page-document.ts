/** In the place of linkedom, which is a document for Node: the page has one. */
export function parseHTML(): { document: Document } {
  return { document };
}
