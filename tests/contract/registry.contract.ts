import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALWAYS, type NewRegistryChange, type Registry } from '#domain/registry/registry.ts';

export interface OpenedRegistry {
  registry: Registry;
  reopen(): Promise<Registry>;
  close(): Promise<void>;
}

const MONDAY = Date.UTC(2026, 2, 2);
const TUESDAY = Date.UTC(2026, 2, 3);
const WEDNESDAY = Date.UTC(2026, 2, 4);

const site = (siteId: string, validFrom: number, lanes: number): NewRegistryChange => ({
  kind: 'site',
  id: siteId,
  validFrom,
  body: { siteId, lanes },
});

/** What every registry must do, whatever it is made of. */
export function registryContract(name: string, open: (clock: () => number) => Promise<OpenedRegistry>): void {
  describe(`registry contract: ${name}`, () => {
    let opened: OpenedRegistry;
    beforeEach(async () => {
      opened = await open(() => MONDAY);
    });
    afterEach(() => opened.close());

    it('begins empty at version 0, and counts every change', async () => {
      expect(await opened.registry.version()).toBe(0);
      expect(await opened.registry.change([site('A', ALWAYS, 2), site('B', ALWAYS, 3)])).toBe(2);
      expect(await opened.registry.version()).toBe(2);
    });

    it('says what held at a time: from a change on, until the next', async () => {
      await opened.registry.change([site('A', MONDAY, 2), site('A', WEDNESDAY, 3)]);
      const view = await opened.registry.view();
      expect(view.at('site', 'A', MONDAY - 1)).toBeUndefined();
      expect(view.at('site', 'A', TUESDAY)?.lanes).toBe(2);
      expect(view.at('site', 'A', WEDNESDAY)?.lanes).toBe(3);
      expect(view.history('site').map((h) => [h.validFrom, h.validTo])).toEqual([
        [MONDAY, WEDNESDAY],
        [WEDNESDAY, Number.POSITIVE_INFINITY],
      ]);
    });

    it('ends a thing with an empty body, and still knows that it was', async () => {
      await opened.registry.change([
        site('A', MONDAY, 2),
        { kind: 'site', id: 'A', validFrom: TUESDAY, body: null },
      ]);
      const view = await opened.registry.view();
      expect(view.at('site', 'A', TUESDAY)).toBeUndefined();
      expect(view.at('site', 'A', MONDAY)?.lanes).toBe(2);
      expect([view.known('site', 'A'), view.known('site', 'B')]).toEqual([true, false]);
    });

    it('lets a later line about an earlier time rewrite what came after it', async () => {
      await opened.registry.change([site('A', WEDNESDAY, 3)]);
      await opened.registry.change([site('A', MONDAY, 2)]);
      expect((await opened.registry.view()).at('site', 'A', WEDNESDAY)?.lanes).toBe(2);
    });

    it('gives an old version as it was known then', async () => {
      const before = await opened.registry.change([site('A', MONDAY, 2)]);
      await opened.registry.change([site('A', MONDAY, 4)]);
      expect((await opened.registry.view(before)).at('site', 'A', TUESDAY)?.lanes).toBe(2);
      expect((await opened.registry.view()).at('site', 'A', TUESDAY)?.lanes).toBe(4);
    });

    it('takes all of a change or nothing: a body that is not what its kind says refuses the whole', async () => {
      const wrong = { ...site('B', MONDAY, 2), body: { siteId: 'B', lanes: -1 } };
      await expect(opened.registry.change([site('A', MONDAY, 2), wrong])).rejects.toThrow();
      expect(await opened.registry.version()).toBe(0);
    });

    it('is the same through another connection, at once', async () => {
      const other = await opened.reopen();
      await opened.registry.change([site('A', MONDAY, 2)]);
      expect(await other.version()).toBe(1);
      expect((await other.view()).at('site', 'A', TUESDAY)?.lanes).toBe(2);
    });
  });
}
