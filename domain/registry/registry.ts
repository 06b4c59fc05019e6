import type { Instant } from '../instant.ts';
import type { RegistryBodies, RegistryKind } from './entries.ts';

/** Before every recording. */
export const ALWAYS: Instant = 0;

/**
 * One line of the registry's append-only list: from `validFrom` on, this thing is so (`body`), or is no more
 * (`body` null). `version` is the line's place in the list, from 1.
 */
export interface RegistryChange<K extends RegistryKind = RegistryKind> {
  version: number;
  /** When the line was written. */
  changedAt: Instant;
  kind: K;
  id: string;
  validFrom: Instant;
  body: RegistryBodies[K] | null;
}

export type NewRegistryChange = Omit<RegistryChange, 'version' | 'changedAt'>;

/** A state that held in [validFrom, validTo); `validTo` is Infinity while it still does. */
export interface Held<T> {
  id: string;
  body: T;
  validFrom: Instant;
  validTo: Instant;
}

/** The registry as it was known at one version: what stood where, when. */
export interface RegistryView {
  readonly version: number;
  at<K extends RegistryKind>(kind: K, id: string, at: Instant): RegistryBodies[K] | undefined;
  /** Whether the thing was ever known, at any time. */
  known(kind: RegistryKind, id: string): boolean;
  /** Every state of every thing of a kind, by id, then time. */
  history<K extends RegistryKind>(kind: K): Held<RegistryBodies[K]>[];
}

/** Later lines win: a line with an earlier `validFrom` than one already there rewrites what came after it. */
export function registryView(changes: readonly RegistryChange[]): RegistryView {
  const timelines = new Map<string, Held<unknown>[]>();
  let version = 0;
  for (const change of changes) {
    version = Math.max(version, change.version);
    const key = `${change.kind}/${change.id}`;
    const before = (timelines.get(key) ?? []).filter((held) => held.validFrom < change.validFrom);
    const last = before.at(-1);
    if (last && last.validTo > change.validFrom)
      before[before.length - 1] = { ...last, validTo: change.validFrom };
    if (change.body !== null) {
      before.push({
        id: change.id,
        body: change.body,
        validFrom: change.validFrom,
        validTo: Number.POSITIVE_INFINITY,
      });
    }
    timelines.set(key, before);
  }
  return {
    version,
    at: (kind, id, at) => {
      const timeline = timelines.get(`${kind}/${id}`);
      if (!timeline) return undefined;
      for (let i = timeline.length - 1; i >= 0; i--) {
        const held = timeline[i]!;
        if (at >= held.validFrom) return at < held.validTo ? (held.body as never) : undefined;
      }
      return undefined;
    },
    known: (kind, id) => timelines.has(`${kind}/${id}`),
    history: (kind) => {
      const prefix = `${kind}/`;
      const all: Held<never>[] = [];
      for (const [key, timeline] of timelines)
        if (key.startsWith(prefix)) all.push(...(timeline as Held<never>[]));
      return all.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.validFrom - b.validFrom));
    },
  };
}

/** The registry: Headway's own append-only list of changes. */
export interface Registry {
  /** Appends in one transaction. Returns the version after it. */
  change(changes: readonly NewRegistryChange[]): Promise<number>;
  /** The newest version number: cheap, to be asked before anything is refused as unknown. */
  version(): Promise<number>;
  /** The whole registry as known at `version` (the newest without it). */
  view(version?: number): Promise<RegistryView>;
}
