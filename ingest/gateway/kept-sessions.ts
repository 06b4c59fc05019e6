import type { Aedes } from 'aedes';
import type { DeviceState } from '#domain/devices/device-state.ts';

/**
 * A device's session, as far as there is one: the filters it listens on. They are kept with its state, so that a
 * device need not subscribe anew after a restart of ours either: the Azure SDKs do not. `maySubscribe`: others are not
 * kept.
 */
export function keepSessions(
  aedes: Aedes & { persistence?: object },
  state: Pick<DeviceState, 'session' | 'changeSession'>,
  maySubscribe: (clientId: string, filter: string) => boolean,
): void {
  Object.assign(aedes.persistence!, {
    subscriptionsByClient: async ({ id }: Named): Promise<Subscription[]> => {
      const filters = Object.entries(await state.session(id));
      return filters.map(([topic, qos]) => ({ topic, qos, rh: 0, rap: true, nl: false }));
    },
    addSubscriptions: ({ id }: Named, added: readonly Subscription[]): Promise<void> => {
      const allowed = added.filter(({ topic }) => maySubscribe(id, topic));
      const more = Object.fromEntries(allowed.map(({ topic, qos }) => [topic, qos]));
      return state.changeSession(id, (before) =>
        allowed.every(({ topic, qos }) => before[topic] === qos) ? before : { ...before, ...more },
      );
    },
    removeSubscriptions: ({ id }: Named, removed: readonly string[]): Promise<void> =>
      state.changeSession(id, (before) => {
        const left = Object.entries(before).filter(([filter]) => !removed.includes(filter));
        return Object.fromEntries(left);
      }),
    cleanSubscriptions: ({ id }: Named): Promise<void> =>
      state.changeSession(id, (before) => (Object.keys(before).length === 0 ? before : {})),
  });
}

interface Named {
  id: string;
}

/** The last three are MQTT 5's. */
interface Subscription {
  topic: string;
  qos: number;
  rh: number;
  rap: boolean;
  nl: boolean;
}
