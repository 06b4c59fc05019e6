import { expect, it } from 'vitest';
import { hfpLine } from '#device-sim/transit/hfp-lines.ts';
import { lineOf } from '#device-sim/transit/line.ts';
import type { TripRun } from '#device-sim/transit/service-day.ts';

it('2,000 vehicles of fifty routes have as many numbers, each the same in topic and content', () => {
  const pattern: TripRun['pattern'] = {
    patternId: 'p',
    routeId: 'r',
    directionId: 0,
    headsign: 'there',
    line: lineOf([]),
    stops: [],
    roads: [],
  };
  const numbers = Array.from({ length: 2_000 }, (_, n) => {
    const run: TripRun = {
      trip: { tripId: 't', patternId: 'p', arrivalS: [0], departureS: [0] },
      pattern,
      serviceDate: '2026-10-06',
      fate: 'run',
      vehicleId: `${n % 50}-${String(Math.floor(n / 50) + 1).padStart(3, '0')}`,
      dueAt: 0,
      startAt: 0,
      alongM: new Float32Array(0),
      visits: [],
    };
    const position = { lat: 60, lon: 25, speedKmh: 0, headingDeg: 0, odometerM: 0, visit: undefined };
    const report = { type: 'position', ...position, atStop: false, at: 0, receivedAt: 0, run } as const;
    const line = hfpLine(report, 3)!;
    const ofTopic = line.split(' ')[1]!.split('/')[8];
    const ofContent = JSON.parse(line.slice(line.indexOf(' {') + 1)).VP.veh;
    expect(ofContent).toBe(Number(ofTopic));
    return ofTopic;
  });
  expect(new Set(numbers).size).toBe(2_000);
});
