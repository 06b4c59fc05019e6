import { hostname } from 'node:os';
import type { Role } from './roles.ts';
import type { WatchedRole } from './watched-roles.ts';

/**
 * Writes a line of JSON for each role to stdout every so often, from the first moment on. Whatever carries a
 * container's output carries them on; the alert rules of infra/deploy ask for them by name.
 */
export function tellFigures(
  watched: ReadonlyMap<Role, WatchedRole>,
  everyS: number,
  write: (line: string) => void,
): { stop(): void } {
  const instance = `${hostname()}-${process.pid}`;
  let telling = false;
  const tell = async (): Promise<void> => {
    if (telling) return;
    telling = true;
    for (const [role, { figures }] of watched) {
      const own = await figures();
      const upS = Math.round(process.uptime());
      const rssMb = Math.round(process.memoryUsage.rss() / 1_048_576);
      write(
        `${JSON.stringify({ figures: role, at: new Date().toISOString(), instance, upS, rssMb, ...own })}\n`,
      );
    }
    telling = false;
  };
  void tell();
  const timer = setInterval(() => void tell(), everyS * 1_000);
  return { stop: () => clearInterval(timer) };
}
