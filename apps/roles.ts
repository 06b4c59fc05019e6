import type { Config } from './config.ts';

/** What a process of a city can be. Together they are the pipeline; apart they meet in the services on Azure alone. */
export const roles = ['gateway', 'bridge', 'processor', 'exporter', 'api'] as const;

export type Role = (typeof roles)[number];

/** Those that a process has when it is told none: a bridge only where a broker is configured. */
export function everyRole(config: Pick<Config, 'bridge'>): Set<Role> {
  return new Set(roles.filter((role) => role !== 'bridge' || config.bridge.url !== undefined));
}
