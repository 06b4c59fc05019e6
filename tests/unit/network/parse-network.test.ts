import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseNetwork } from '#ingest/network/parse-network.ts';
import { recording } from '../../shared-data.ts';

const feature = (properties: object, type?: string, coordinates?: unknown) => ({
  type: 'Feature',
  properties,
  geometry: type === undefined ? null : { type, coordinates },
});
const collection = (...features: object[]) => JSON.stringify({ type: 'FeatureCollection', features });
const rows = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('GeoJSON', () => {
  test('points are sites, lines links, polygons zones', () => {
    const site = {
      siteId: 'a1',
      name: 'Kerb 1',
      road: 'A1',
      direction: 'N',
      lanes: '2',
      speed_limit_kmh: 50,
    };
    const ring = [
      [4, 52],
      [5, 52],
      [5, 53],
      [4, 52],
    ];
    const { changes, problems } = parseNetwork(
      collection(
        feature({ ...site, link_id: 'l1' }, 'Point', [4.9, 52.3, 7]),
        feature({ link_id: 'l1', ref: 'A1', maxspeed: '30 mph' }, 'LineString', [
          [5, 52],
          [5, 53],
        ]),
        feature({ zoneId: 'z1', name: 'West' }, 'Polygon', [ring]),
      ),
      'geojson',
    );
    expect(problems).toEqual([]);
    const position = { lat: 52.3, lon: 4.9 };
    const line = [
      [5, 52],
      [5, 53],
    ];
    expect(changes).toEqual([
      {
        kind: 'site',
        id: 'a1',
        body: {
          siteId: 'a1',
          name: 'Kerb 1',
          road: 'A1',
          direction: 'N',
          lanes: 2,
          speedLimitKmh: 50,
          linkId: 'l1',
          position,
        },
      },
      // A degree of latitude on a sphere of 6,371.0088 km is 111.19508 km; 30 mph is 48.28032 km/h.
      {
        kind: 'link',
        id: 'l1',
        body: { linkId: 'l1', road: 'A1', speedLimitKmh: 48.28032, lengthKm: 111.19508, line },
      },
      { kind: 'zone', id: 'z1', body: { zoneId: 'z1', name: 'West', rings: [ring] } },
    ]);
  });

  test('a stated length is kept, whatever the line measures', () => {
    const line = [
      [5, 52],
      [5, 53],
    ];
    const { changes } = parseNetwork(
      collection(feature({ linkId: 'l', lengthKm: 120 }, 'LineString', line)),
      'geojson',
    );
    expect(changes[0]?.body).toMatchObject({ lengthKm: 120 });
  });

  test('a site at 0, 0, without a geometry, or with its coordinates swapped has no position, and that is named', () => {
    const { changes, problems } = parseNetwork(
      collection(
        feature({ siteId: 'zero' }, 'Point', [0, 0]),
        feature({ siteId: 'none' }),
        feature({ siteId: 'swapped' }, 'Point', [34.1, -118.2]),
      ),
      'geojson',
    );
    expect(changes.map(({ body }) => body)).toEqual([
      { siteId: 'zero' },
      { siteId: 'none' },
      { siteId: 'swapped' },
    ]);
    expect(problems).toEqual([
      { row: 1, problem: 'site zero has no position: coordinates 0, 0' },
      { row: 2, problem: 'site none has no position: no coordinates' },
      { row: 3, problem: expect.stringContaining('are they the wrong way round?') },
    ]);
  });

  test('an unusable field is left out, an unusable feature too, each by name', () => {
    const { changes, problems } = parseNetwork(
      collection(
        feature({ siteId: 'a', lanes: 99 }, 'Point', [5, 52]),
        feature({ name: 'nameless' }, 'Point', [5, 52]),
        feature({ linkId: 'short' }, 'LineString', [[5, 52]]),
        feature({}, 'GeometryCollection', []),
        feature({ siteId: 'a', lanes: 3 }, 'Point', [5, 52]),
      ),
      'geojson',
    );
    expect(changes.map(({ id }) => id)).toEqual(['a']);
    expect(problems.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5]);
    expect(problems[0]?.problem).toMatch(/^site a is read without its lanes, 99/);
    expect(problems[1]?.problem).toMatch(/^site is left out: siteId is missing/);
    expect(problems[4]?.problem).toBe('site a stands in row 1 already, otherwise; that one is kept');
  });

  test('what is no GeoJSON is one problem of the whole file', () => {
    expect(parseNetwork('{', 'geojson')).toMatchObject({ changes: [], problems: [{ row: 0 }] });
    expect(parseNetwork('{"type":"Topology"}', 'geojson')).toMatchObject({
      changes: [],
      problems: [{ row: 0 }],
    });
    expect(parseNetwork('null', 'geojson')).toMatchObject({ changes: [], problems: [{ row: 0 }] });
  });

  test('the neighbourhoods of Portland and the roads of its centre come in whole', async (context) => {
    const zones = await readFile(recording(context, 'basemap/click-that-hood/portland.geojson'), 'utf8');
    expect(parseNetwork(zones, 'geojson', 'zone')).toMatchObject({ changes: { length: 63 }, problems: [] });
    const roads = await readFile(
      recording(context, 'basemap/osm-portland-central/portland-central-roads.geojson'),
      'utf8',
    );
    const { changes, problems } = parseNetwork(roads, 'geojson', 'link');
    expect(changes).toHaveLength(3_309);
    expect(problems).toEqual([{ row: 3_098, problem: expect.stringContaining('"35 mph;40 mph"') }]);
  });
});

describe('CSV', () => {
  test('columns say what the rows are; coordinates of 0 or none are named', () => {
    const { changes, problems } = parseNetwork(
      rows(
        'site_id,name,lat,lon,road,lanes,colour',
        's1,"One, two",52.1,4.2,A1,2,red',
        's2,,0,0,,,',
        's3,,,,,,',
        ',x,1,1,,,',
      ),
      'csv',
    );
    expect(changes.map(({ body }) => body)).toEqual([
      { siteId: 's1', name: 'One, two', position: { lat: 52.1, lon: 4.2 }, road: 'A1', lanes: 2 },
      { siteId: 's2' },
      { siteId: 's3' },
    ]);
    expect(problems.map((p) => `${p.row}: ${p.problem.slice(0, 50)}`)).toEqual([
      '1: columns not used: colour',
      '3: site s2 has no position: coordinates 0, 0',
      '4: site s3 has no position: no coordinates',
      expect.stringMatching(/^5: site is left out/),
    ]);
  });

  test('links need a length', () => {
    const { changes, problems } = parseNetwork(rows('link_id,length_km', 'l1,1.5', 'l2,', 'l3,far'), 'csv');
    expect(changes).toEqual([{ kind: 'link', id: 'l1', body: { linkId: 'l1', lengthKm: 1.5 } }]);
    expect(problems.map(({ row }) => row)).toEqual([3, 4]);
  });

  test('corridors are rows of sites, in their order, measured from the first', () => {
    const { changes, problems } = parseNetwork(
      rows('corridor_id,name,order,site_id,km', 'c1,Ring,2,b,3.5', 'c1,Ring,1,a,1.25', 'c1,Ring,10,c,4'),
      'csv',
    );
    expect(problems).toEqual([]);
    expect(changes).toEqual([
      {
        kind: 'corridor',
        id: 'c1',
        body: {
          corridorId: 'c1',
          name: 'Ring',
          sites: [
            { siteId: 'a', km: 0 },
            { siteId: 'b', km: 2.25 },
            { siteId: 'c', km: 2.75 },
          ],
        },
      },
    ]);
  });

  test('a corridor that runs backwards, passes a site twice or has one site is left out by name', () => {
    const { changes, problems } = parseNetwork(
      rows(
        'corridor_id,order,site_id,km',
        'back,1,a,5',
        'back,2,b,4',
        'twice,1,a,0',
        'twice,2,a,1',
        'one,1,a,0',
        'vague,1,a,x',
      ),
      'csv',
    );
    expect(changes).toEqual([]);
    expect(problems.map((p) => p.row).sort()).toEqual([3, 5, 6, 7]);
  });

  test('a file without a column that says what it is', () => {
    expect(parseNetwork('a,b\n1,2\n', 'csv').problems).toEqual([
      { row: 1, problem: 'no column corridor_id, screenline_id, site_id or link_id' },
    ]);
    expect(parseNetwork('', 'csv').problems).toMatchObject([{ row: 0 }]);
  });
});

test('a CSV of screenlines gives a line with its crossings, and names a sense that is none', () => {
  const text = `screenline_id,name,type,site_id,direction,sense
river,The river,screenline,a,N,in
river,,,a,S,out
river,,,b,,sideways
`;
  const { changes, problems } = parseNetwork(text, 'csv');
  expect(changes.map(({ body }) => body)).toEqual([
    {
      screenlineId: 'river',
      name: 'The river',
      type: 'screenline',
      crossings: [
        { siteId: 'a', direction: 'N', sense: 'in' },
        { siteId: 'a', direction: 'S', sense: 'out' },
      ],
    },
  ]);
  expect(problems).toMatchObject([{ row: 4 }]);
});
