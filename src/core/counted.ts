/** A number with its noun: `1 clip`, `2 clips`, `0 classes`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
