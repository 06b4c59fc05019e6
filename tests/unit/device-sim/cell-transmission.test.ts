import { expect, test } from 'vitest';
import {
  BACKWARD_WAVE_KMH,
  CAPACITY_VEH_H,
  CELL_KM,
  cellTransmission,
  FREE_FLOW_KMH,
  JAM_DENSITY_VEH_KM,
  STEP_S,
} from '#device-sim/traffic/cell-transmission.ts';

const perStep = (vehPerH: number) => (vehPerH * STEP_S) / 3_600;
const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

test('the diagram is that of a freeway: capacity near 2,000, jam near 140 a kilometre, waves near -18 km/h', () => {
  expect(CAPACITY_VEH_H).toBeGreaterThanOrEqual(1_900);
  expect(CAPACITY_VEH_H).toBeLessThanOrEqual(2_200);
  expect(Math.abs(JAM_DENSITY_VEH_KM - 140)).toBeLessThan(10);
  expect(BACKWARD_WAVE_KMH).toBeGreaterThan(16);
  expect(BACKWARD_WAVE_KMH).toBeLessThan(20);
});

test('vehicles are neither made nor lost, through ramps, queues, a closure and its end', () => {
  const model = cellTransmission({
    cells: 60,
    lanes: 3,
    offRamps: [
      { cell: 15, share: 0.12 },
      { cell: 38, share: 0.1 },
    ],
    onRamps: [{ cell: 17 }, { cell: 40 }],
  });
  model.capacityShare[45] = 0.7;
  let arrived = 0;
  for (let step = 0; step < 2_000; step++) {
    const level = step < 1_200 ? 1 : 0.1;
    const arriving = new Float64Array([perStep(5_200 * level), perStep(800 * level), perStep(900 * level)]);
    arrived += sum(arriving);
    model.capacityShare[50] = step > 300 && step < 420 ? 0 : 1;
    model.step(arriving);
    if (step % 50 === 0) {
      expect(sum(model.vehicles) + sum(model.waiting) + model.departed()).toBeCloseTo(arrived, 6);
      for (const n of model.vehicles) {
        expect(n).toBeGreaterThanOrEqual(-1e-9);
        expect(n).toBeLessThanOrEqual(JAM_DENSITY_VEH_KM * 3 * CELL_KM + 1e-9);
      }
    }
  }
  expect(sum(model.vehicles) + sum(model.waiting) + model.departed()).toBeCloseTo(arrived, 6);
});

test('on an open road vehicles travel at free flow, at any demand below capacity', () => {
  const model = cellTransmission({ cells: 40, lanes: 2, offRamps: [], onRamps: [] });
  for (let step = 0; step < 400; step++) model.step(new Float64Array([perStep(3_900)]));
  model.startMinute();
  for (let step = 0; step < 6; step++) model.step(new Float64Array([perStep(3_900)]));
  const speed = (model.left[20]! / model.held[20]!) * CELL_KM * (3_600 / STEP_S);
  expect(speed).toBeCloseTo(FREE_FLOW_KMH, 6);
  expect(model.left[20]! * 60).toBeCloseTo(3_900, 3);
});

test('behind a narrowing the queue grows as the shock wave of kinematic wave theory', () => {
  // One lane at 2,000 veh/h meets 1,400: k1 = 2000/105, k2 = kj - 1400/w, shock = (1400 - 2000)/(k2 - k1).
  const model = cellTransmission({ cells: 120, lanes: 1, offRamps: [], onRamps: [] });
  const bottleneck = 110;
  model.capacityShare[bottleneck] = 1_400 / CAPACITY_VEH_H;
  const queued = () => {
    let n = 0;
    const congested = (CAPACITY_VEH_H / FREE_FLOW_KMH) * CELL_KM * 1.3;
    while (bottleneck - n >= 0 && model.vehicles[bottleneck - n]! > congested) n++;
    return n * CELL_KM;
  };
  const lengths: number[] = [];
  for (let step = 0; step <= 600; step++) {
    model.step(new Float64Array([perStep(2_000)]));
    if (step === 240 || step === 600) lengths.push(queued());
  }
  const k1 = 2_000 / FREE_FLOW_KMH;
  const k2 = JAM_DENSITY_VEH_KM - 1_400 / BACKWARD_WAVE_KMH;
  const shockKmh = 600 / (k2 - k1);
  expect(lengths[1]! - lengths[0]!).toBeGreaterThan(shockKmh - 2 * CELL_KM);
  expect(lengths[1]! - lengths[0]!).toBeLessThan(shockKmh + 2 * CELL_KM);
  model.startMinute();
  for (let step = 0; step < 6; step++) model.step(new Float64Array([perStep(2_000)]));
  expect(model.left[bottleneck]! * 60).toBeCloseTo(1_400, 0);
  expect(model.held[bottleneck - 5]! / 6 / CELL_KM).toBeCloseTo(k2, 1);
});

test('where an on-ramp and a full road do not fit together, they share by lanes and nobody waits for ever', () => {
  const model = cellTransmission({ cells: 30, lanes: 3, offRamps: [], onRamps: [{ cell: 20 }] });
  const arriving = new Float64Array([perStep(6_000), perStep(2_000)]);
  for (let step = 0; step < 2_000; step++) model.step(arriving);
  const before = model.waiting[1]!;
  const departed = model.departed();
  for (let step = 0; step < 360; step++) model.step(arriving);
  const joined = 2_000 - (model.waiting[1]! - before);
  expect(model.departed() - departed).toBeCloseTo(3 * CAPACITY_VEH_H, 0);
  expect(joined).toBeCloseTo((3 * CAPACITY_VEH_H) / 4, 0);
});
