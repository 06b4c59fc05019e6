import type { Database } from '@azure/cosmos';
import { request } from './request.ts';

const list = 'meta';

interface Entry {
  id: string;
  list: typeof list;
  value: string;
}

/** What a city's parts must agree on, by name: its time zone above all. */
export function cosmosMeta(database: Database) {
  const container = database.container('registry');
  const get = async (name: string): Promise<string | undefined> => {
    const { resource } = await request(`read ${name}`, (abortSignal) =>
      container.item(name, list).read<Entry>({ abortSignal }),
    );
    return resource?.value;
  };
  return {
    /** @throws StoreUnavailable */
    get,
    /** Returns what is there afterwards: the value of whoever was first. @throws StoreUnavailable */
    setOnce: async (name: string, value: string): Promise<string> => {
      try {
        await request(`note ${name}`, (abortSignal) =>
          container.items.create<Entry>({ id: name, list, value }, { abortSignal }),
        );
        return value;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 409) throw error;
        return (await get(name)) ?? value;
      }
    },
  };
}
