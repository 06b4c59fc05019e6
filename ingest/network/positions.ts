/** [lon, lat], as in GeoJSON. */
export type LonLat = readonly [lon: number, lat: number];

/** IUGG mean radius. */
const EARTH_RADIUS_KM = 6_371.0088;

/** Length along a line of great circles, in km to the millimetre (haversine). */
export function lineLengthKm(line: readonly LonLat[]): number {
  let km = 0;
  for (let i = 1; i < line.length; i++) km += haversineKm(line[i - 1]!, line[i]!);
  return Math.round(km * 1e6) / 1e6;
}

function haversineKm([lonA, latA]: LonLat, [lonB, latB]: LonLat): number {
  const radians = Math.PI / 180;
  const h =
    Math.sin(((latB - latA) * radians) / 2) ** 2 +
    Math.cos(latA * radians) * Math.cos(latB * radians) * Math.sin(((lonB - lonA) * radians) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Why a position is none, or `undefined` when it is one. */
export function positionFault(lat: number, lon: number): string | undefined {
  if (!Number.isFinite(lat) || !Number.isFinite(lon)) return 'no coordinates';
  if (lat === 0 && lon === 0) return 'coordinates 0, 0';
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180) {
    return `latitude ${lat}, longitude ${lon}, which is nowhere${Math.abs(lon) <= 90 ? ' (are they the wrong way round?)' : ''}`;
  }
  return undefined;
}
