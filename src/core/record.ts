/**
 * A record with these members and no others, whatever their names: it has no prototype, so that `constructor` is
 * undefined unless it is a member, and `__proto__` is a name like any other.
 */
export function recordOf<T>(members: Iterable<readonly [name: string, value: T]>): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, value] of members) record[name] = value;
  return record;
}
