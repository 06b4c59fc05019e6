/**
 * `US-101 S` as road and direction. A chain that changes road, `SR-170 S, US-101 S`, keeps both roads, and its
 * directions in the same order.
 */
export function splitRoad(roads: string): { road: string; direction?: string } {
  const parts = roads
    .split(',')
    .map((part) => /^(.+?)\s+([NESW]{1,2})$/.exec(part.trim()) ?? [part, part.trim(), '']);
  const directions = [...new Set(parts.map((part) => part[2]).filter(Boolean))];
  return {
    road: parts.map((part) => part[1]).join(' / '),
    ...(directions.length > 0 && { direction: directions.join(' / ') }),
  };
}
