/** Up to `most` of the names that are most like `asked`, the nearest first; none that has little to do with it. */
export function nearestNames(asked: string, names: Iterable<string>, most = 3): string[] {
  const wanted = asked.toLowerCase();
  const limit = Math.max(2, Math.ceil(wanted.length / 2));
  const near: { name: string; distance: number }[] = [];
  for (const name of names) {
    const text = name.toLowerCase();
    const within = text.includes(wanted) || wanted.includes(text);
    const distance = within ? 0.5 : editDistance(wanted, text, limit);
    if (distance <= limit) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, most).map(({ name }) => name);
}

/** Levenshtein's, given up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return row[b.length]!;
}
