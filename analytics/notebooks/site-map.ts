import type * as PlotModule from '@observablehq/plot';
import { palette } from './palette.ts';

export interface MapSite {
  lat: number;
  lon: number;
  rank?: number;
}

export interface RoadPoint {
  corridor_id: string;
  lat: number;
  lon: number;
  road: string | null;
}

export interface SiteMap<S extends MapSite> {
  sites: readonly S[];
  /** The column that colours a site. */
  fill: string;
  color: PlotModule.ScaleOptions & PlotModule.LegendOptions;
  roads: readonly RoadPoint[];
  /** The column that colours a road, on the scale of the sites; roads are grey without one. */
  stroke?: string;
  /** Which sites bear their rank. */
  numbered: (site: S) => boolean;
  width?: number;
}

interface Spot {
  x: number;
  y: number;
}

const KM_PER_DEGREE = 111.195;
const MARGIN_PX = 28;

/** A map without tiles: sites and corridors at their true places (equirectangular), with a scale bar; north is up. */
export function siteMap<S extends MapSite>(Plot: typeof PlotModule, map: SiteMap<S>): unknown {
  const width = map.width ?? 740;
  const { place, height, pxPerKm } = projection([...map.sites, ...map.roads], width);
  const spots = map.sites.map((site) => ({ ...site, ...place(site) }));
  const lines = map.roads.map((point) => ({ ...point, ...place(point) }));
  const marked = spots.filter((spot) => map.numbered(spot));
  const labels = spreadOut(marked, width, height);
  const at = { x: 'x', y: 'y' } as const;
  return Plot.plot({
    width,
    height,
    margin: 0,
    axis: null,
    x: { domain: [0, width], range: [0, width] },
    y: { domain: [0, height], range: [0, height] },
    color: { legend: true, width: 300, ...map.color } as PlotModule.ScaleOptions,
    marks: [
      Plot.line(lines, {
        ...at,
        z: 'corridor_id',
        stroke: map.stroke ?? '#c9d2d8',
        strokeWidth: 5,
        strokeLinecap: 'round',
      }),
      Plot.dot(spots, { ...at, r: 4.4, fill: map.fill, stroke: palette.ink, strokeWidth: 0.4 }),
      Plot.text(roadNames(lines), {
        ...at,
        text: 'road',
        fontSize: 11.5,
        fontWeight: 600,
        fill: palette.grey,
        stroke: 'white',
        strokeWidth: 4,
      }),
      Plot.link(labels, {
        x1: 'fromX',
        y1: 'fromY',
        x2: 'x',
        y2: 'y',
        stroke: palette.ink,
        strokeWidth: 0.8,
      }),
      Plot.dot(labels, { ...at, r: 8.5, fill: 'white', stroke: palette.ink, strokeWidth: 1.1 }),
      Plot.text(labels, {
        ...at,
        text: (d: { rank?: number }) => String(d.rank),
        fontSize: 10.5,
        fontWeight: 600,
      }),
      ...scaleBar(Plot, width, height, pxPerKm),
    ],
  } as PlotModule.PlotOptions);
}

function projection(
  points: readonly { lat: number; lon: number }[],
  width: number,
): { place: (p: { lat: number; lon: number }) => Spot; height: number; pxPerKm: number } {
  const lats = points.map((p) => p.lat);
  const lons = points.map((p) => p.lon);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const kmPerDegreeEast = KM_PER_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  const wideKm = Math.max((east - west) * kmPerDegreeEast, 0.5);
  const highKm = Math.max((north - south) * KM_PER_DEGREE, 0.5);
  const pxPerKm = Math.min((width - 2 * MARGIN_PX) / wideKm, 350 / highKm);
  const left = (width - (east - west) * kmPerDegreeEast * pxPerKm) / 2;
  return {
    pxPerKm,
    height: Math.max(160, Math.round(highKm * pxPerKm) + 2 * MARGIN_PX + 20),
    place: ({ lat, lon }) => ({
      x: left + (lon - west) * kmPerDegreeEast * pxPerKm,
      y: MARGIN_PX + (north - lat) * KM_PER_DEGREE * pxPerKm,
    }),
  };
}

/** One name a road, beside its site that stands farthest from other roads and names. */
function roadNames(lines: readonly (RoadPoint & Spot)[]): (Spot & { road: string })[] {
  const nameOf = (point: RoadPoint) => (point.road ?? '').replace(/,.*$/, '').replace(/ [NESW]{1,2}$/, '');
  const names: (Spot & { road: string })[] = [];
  for (const [road, points] of Map.groupBy(lines, nameOf)) {
    if (road === '') continue;
    const others: Spot[] = [...lines.filter((l) => nameOf(l) !== road), ...names];
    const room = (p: Spot) => Math.min(120, ...others.map((o) => Math.hypot(o.x - p.x, o.y - p.y)));
    const best = points.reduce((a, b) => (room(b) > room(a) ? b : a));
    if (room(best) >= 40) names.push({ road, ...besideLine(best, points) });
  }
  return names;
}

/** A place off the road, square to its course. */
function besideLine(at: Spot, points: readonly Spot[]): Spot {
  const near = points
    .filter((p) => p.x !== at.x || p.y !== at.y)
    .reduce<Spot | undefined>((a, p) => (!a || distance(p, at) < distance(a, at) ? p : a), undefined);
  if (!near) return { x: at.x, y: at.y - 16 };
  const [dx, dy] = [near.x - at.x, near.y - at.y];
  const steep = Math.abs(dy) > Math.abs(dx);
  return steep ? { x: at.x + 30, y: at.y } : { x: at.x, y: at.y - 16 };
}

const distance = (a: Spot, b: Spot): number => Math.hypot(a.x - b.x, a.y - b.y);

/** Numbers beside their sites, pushed apart until none covers another; the same for the same sites. */
function spreadOut<S extends Spot>(
  marked: readonly S[],
  width: number,
  height: number,
): (S & { fromX: number; fromY: number })[] {
  const labels = marked.map((spot, i) => ({
    ...spot,
    fromX: spot.x,
    fromY: spot.y,
    x: spot.x + 15 * Math.cos(i * 2.4),
    y: spot.y + 15 * Math.sin(i * 2.4),
  }));
  for (let round = 0; round < 120; round++) {
    for (const label of labels) {
      for (const other of labels) if (other !== label) pushFrom(label, other.x, other.y, 20);
      for (const other of labels) pushFrom(label, other.fromX, other.fromY, 15);
      label.x = Math.min(width - 10, Math.max(10, label.x));
      label.y = Math.min(height - 10, Math.max(10, label.y));
    }
  }
  return labels;
}

function pushFrom(label: Spot, x: number, y: number, leastPx: number): void {
  const [dx, dy] = [label.x - x, label.y - y];
  const apart = Math.hypot(dx, dy) || 0.01;
  if (apart >= leastPx) return;
  label.x += ((dx || 0.01) / apart) * (leastPx - apart) * 0.5;
  label.y += (dy / apart) * (leastPx - apart) * 0.5;
}

function scaleBar(
  Plot: typeof PlotModule,
  width: number,
  height: number,
  pxPerKm: number,
): PlotModule.Markish[] {
  const km = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].findLast((k) => k * pxPerKm <= width / 5) ?? 0.1;
  const [x1, x2, y] = [12, 12 + km * pxPerKm, height - 12];
  const text = km < 1 ? `${km * 1_000} m` : `${km} km`;
  return [
    Plot.ruleY([y], { y: (d: number) => d, x1, x2, stroke: palette.ink, strokeWidth: 1.5 } as never),
    Plot.text([text], {
      x: x1,
      y: y - 8,
      text: (d: string) => d,
      textAnchor: 'start',
      fontSize: 10.5,
    } as never),
  ];
}
