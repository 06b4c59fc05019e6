/** A way on the ground. */
export interface Line {
  lat: Float64Array;
  lon: Float64Array;
  /** Metres from the start to each point. */
  alongM: Float64Array;
  lengthM: number;
}

const METRES_PER_DEGREE = 111_195;

export function lineOf(points: readonly { lat: number; lon: number }[]): Line {
  const lat = Float64Array.from(points, (p) => p.lat);
  const lon = Float64Array.from(points, (p) => p.lon);
  const alongM = new Float64Array(points.length);
  for (let i = 1; i < points.length; i++) {
    alongM[i] =
      alongM[i - 1]! +
      Math.hypot(northM(lat[i]! - lat[i - 1]!), eastM(lon[i]! - lon[i - 1]!, (lat[i]! + lat[i - 1]!) / 2));
  }
  return { lat, lon, alongM, lengthM: alongM.at(-1) ?? 0 };
}

/** A place on the line, with the heading of who goes there in degrees from north. */
export function placeOn(line: Line, alongM: number): { lat: number; lon: number; headingDeg: number } {
  const along = line.alongM;
  let low = 0;
  let high = along.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (along[middle]! <= alongM) low = middle;
    else high = middle;
  }
  const length = along[high]! - along[low]!;
  const share = length > 0 ? Math.min(1, Math.max(0, (alongM - along[low]!) / length)) : 0;
  const dLat = line.lat[high]! - line.lat[low]!;
  const dLon = line.lon[high]! - line.lon[low]!;
  const heading = (Math.atan2(eastM(dLon, line.lat[low]!), northM(dLat)) * 180) / Math.PI;
  return {
    lat: line.lat[low]! + share * dLat,
    lon: line.lon[low]! + share * dLon,
    headingDeg: (heading + 360) % 360,
  };
}

/** Degrees of latitude and longitude that so many metres north and east are. */
export function degreesOf(north: number, east: number, lat: number): { lat: number; lon: number } {
  return {
    lat: north / METRES_PER_DEGREE,
    lon: east / (METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
  };
}

function northM(degrees: number): number {
  return degrees * METRES_PER_DEGREE;
}

function eastM(degrees: number, lat: number): number {
  return degrees * METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
}
