import type { Role } from './roles.ts';

/** One role, now. What is not alive is to be started again; what is not ready is to be waited for. */
export interface RoleState {
  alive: boolean;
  ready: boolean;
  detail: string;
}

export interface RoleHealth {
  /** From here on each role answers for itself; before, it is alive and not ready. */
  running(states: ReadonlyMap<Role, () => RoleState>): void;
  /** What is waited for, or that it ends. */
  waiting(detail: string): void;
  now(): { alive: boolean; ready: boolean; roles: Partial<Record<Role, RoleState>> };
}

/** Whether the roles of a process are alive and ready, from its start on. */
export function roleHealth(wanted: ReadonlySet<Role>): RoleHealth {
  let known: ReadonlyMap<Role, () => RoleState> | undefined;
  let waitsFor = 'starting';
  return {
    running: (states) => {
      known = states;
    },
    waiting: (detail) => {
      known = undefined;
      waitsFor = detail;
    },
    now: () => {
      const states = [...wanted].map(
        (role) => [role, known?.get(role)?.() ?? { alive: true, ready: false, detail: waitsFor }] as const,
      );
      return {
        alive: states.every(([, { alive }]) => alive),
        ready: states.every(([, { ready }]) => ready),
        roles: Object.fromEntries(states),
      };
    },
  };
}
