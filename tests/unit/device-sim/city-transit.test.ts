import { expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTransit } from '#device-sim/transit/city-transit.ts';

test('stops are named by the kilometres of their road, which count down on the way back', () => {
  const network = cityTransit(simulatedCity({ seed: 1, sensors: 60 }));
  const endsOf = (patternId: string) => {
    const { stops } = network.patterns.find((p) => p.patternId === patternId)!;
    return [stops[0]!, stops.at(-1)!].map(
      ({ stopId }) => /([\d.]+) km$/.exec(network.stops.find((s) => s.stopId === stopId)!.name)![1],
    );
  };
  expect(endsOf('3-0')[0]).toBe('0.0');
  expect(Number(endsOf('3-0')[1])).toBeGreaterThan(1);
  expect(endsOf('3-1')).toEqual(endsOf('3-0').reverse());
});
