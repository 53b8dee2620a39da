/**
 * Runs a synchronous function without what it prints to `console.error`: some decoders print every error there that they
 * also return. Nobody else's messages are lost, as nothing else runs meanwhile.
 */
export function quietly<T>(run: () => T): T {
  const { error } = console;
  console.error = () => {};
  try {
    return run();
  } finally {
    console.error = error;
  }
}
