/** Metres between two positions on a sphere of 6,371 km, as `feed_metres` has it. */
export function globeMetres(latA: number, lonA: number, latB: number, lonB: number): number {
  const lat = Math.sin(radians(latB - latA) / 2) ** 2;
  const lon = Math.sin(radians(lonB - lonA) / 2) ** 2;
  return (
    12_742_000 *
    Math.asin(Math.sqrt(Math.min(1, lat + Math.cos(radians(latA)) * Math.cos(radians(latB)) * lon)))
  );
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
