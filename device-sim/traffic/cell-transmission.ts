/** Triangular fundamental diagram of one lane; the backward wave follows: 18.1 km/h. */
export const FREE_FLOW_KMH = 105;
export const CAPACITY_VEH_H = 2_100;
export const JAM_DENSITY_VEH_KM = 136;
export const BACKWARD_WAVE_KMH = CAPACITY_VEH_H / (JAM_DENSITY_VEH_KM - CAPACITY_VEH_H / FREE_FLOW_KMH);

/** A step, and the shortest cell that a vehicle does not cross in one: 292 m. */
export const STEP_S = 10;
export const CELL_KM = 0.3;

/** One direction of a freeway, cut into cells of `CELL_KM`. */
export interface Roadway {
  cells: number;
  lanes: number;
  /** Leave at the end of their cell, a share of what drives there. At most one a cell. */
  offRamps: readonly { cell: number; share: number }[];
  /** Join at the start of their cell (not the first), beside what comes down the road. At most one a cell. */
  onRamps: readonly { cell: number }[];
}

export interface CellTransmission {
  /** Vehicles in each cell, all lanes. */
  readonly vehicles: Float64Array;
  /** Share of its capacity that each cell's downstream end lets through: 1, or less at a bottleneck or incident. */
  readonly capacityShare: Float64Array;
  /** Vehicles that left each cell (on, or off by the ramp) since `startMinute`. */
  readonly left: Float64Array;
  /** Sum over the steps since `startMinute` of each cell's vehicles. */
  readonly held: Float64Array;
  /** Vehicles waiting to enter: the head of the road first, then each on-ramp. */
  readonly waiting: Float64Array;
  startMinute(): void;
  /** Ten seconds. `arriving[0]` vehicles reach the head of the road, `arriving[1 + r]` on-ramp r. */
  step(arriving: Float64Array): void;
  /** Vehicles that have left the road for good, by its end or its off-ramps. */
  departed(): number;
}

/**
 * The cell transmission model (C. Daganzo, Transportation Research B 28(4) 1994 and 29(2) 1995): what a cell can
 * send meets what the next can receive; off-ramps first in, first out; at an on-ramp that does not fit, the two
 * streams share by lanes. Vehicles are neither made nor lost.
 */
export function cellTransmission(road: Roadway): CellTransmission {
  const { cells, lanes } = road;
  const hours = STEP_S / 3_600;
  const freeShare = (FREE_FLOW_KMH * hours) / CELL_KM;
  const waveShare = (BACKWARD_WAVE_KMH * hours) / CELL_KM;
  const capacity = CAPACITY_VEH_H * lanes * hours;
  const room = JAM_DENSITY_VEH_KM * lanes * CELL_KM;
  const rampPriority = 1 / (lanes + 1);

  const vehicles = new Float64Array(cells);
  const capacityShare = new Float64Array(cells).fill(1);
  const left = new Float64Array(cells);
  const held = new Float64Array(cells);
  const waiting = new Float64Array(1 + road.onRamps.length);
  const offShare = new Float64Array(cells);
  for (const ramp of road.offRamps) offShare[ramp.cell] = ramp.share;
  const rampOf = new Int32Array(cells + 1);
  road.onRamps.forEach((ramp, r) => {
    rampOf[ramp.cell] = 1 + r;
  });
  let departed = 0;

  const step = (arriving: Float64Array): void => {
    for (let q = 0; q < waiting.length; q++) waiting[q]! += arriving[q]!;
    let here = vehicles[0]!;
    let entering = Math.min(waiting[0]!, capacity, waveShare * (room - here));
    waiting[0]! -= entering;
    for (let i = 0; i < cells; i++) {
      const ahead = i + 1 < cells ? vehicles[i + 1]! : 0;
      const fits = i + 1 < cells ? Math.min(capacity, waveShare * (room - ahead)) : capacity;
      const sends = Math.min(freeShare * here, capacity * capacityShare[i]!);
      const off = offShare[i]!;
      const ramp = rampOf[i + 1]!;
      let joining = 0;
      if (ramp > 0 && waiting[ramp]! > 0) {
        joining = Math.min(waiting[ramp]!, capacity / lanes);
        const through = sends * (1 - off);
        if (joining + through > fits) {
          joining = Math.min(joining, Math.max(fits - through, rampPriority * fits));
        }
        waiting[ramp]! -= joining;
      }
      const forMain = fits - joining;
      const out = Math.min(sends, off > 0 ? forMain / (1 - off) : forMain);
      held[i]! += here;
      left[i]! += out;
      vehicles[i] = here + entering - out;
      const leaving = off * out;
      departed += leaving;
      entering = out - leaving + joining;
      here = ahead;
    }
    departed += entering;
  };

  return {
    vehicles,
    capacityShare,
    left,
    held,
    waiting,
    step,
    startMinute: () => {
      left.fill(0);
      held.fill(0);
    },
    departed: () => departed,
  };
}
