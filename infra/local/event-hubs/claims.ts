import type { Receiver, Sender } from 'rhea';
import { pathOfAudience } from './address.ts';
import { asAmqpError, type Refusal } from './amqp-error.ts';
import { type Grant, unauthorized } from './sas-token.ts';

/** What one connection may do: grants that $cbs has taken, and the links that live by them. */
export interface Claims {
  put(grant: Grant): void;
  /** Guards a link from now on: it is closed when its grant expires unrenewed. A refusal where there is none. */
  admit(link: Sender | Receiver, address: string): Refusal | undefined;
  forget(link: Sender | Receiver): void;
  end(): void;
}

export function connectionClaims(now: () => number): Claims {
  const expiries = new Map<string, number>();
  const guarded = new Map<Sender | Receiver, string>();
  const timers = new Set<NodeJS.Timeout>();

  /** A grant covers its path and everything below. */
  const covered = (path: string): boolean => {
    for (const [granted, expiresAt] of expiries)
      if (expiresAt > now() && (granted === '' || path === granted || path.startsWith(`${granted}/`)))
        return true;
    return false;
  };

  const closeUncovered = (): void => {
    for (const [link, path] of guarded)
      if (!covered(path)) {
        guarded.delete(link);
        link.close(asAmqpError(unauthorized(`ExpiredToken: the token for '${path}' has expired.`)));
      }
  };

  return {
    put({ audience, expiresAt }) {
      expiries.set(pathOfAudience(audience), expiresAt);
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          closeUncovered();
        },
        Math.min(expiresAt - now() + 1, 2 ** 31 - 1),
      );
      timers.add(timer);
    },
    admit(link, address) {
      const path = pathOfAudience(address);
      if (!covered(path))
        return unauthorized(
          `Unauthorized access. A token for '${address}' is required to perform this operation.`,
        );
      guarded.set(link, path);
      return undefined;
    },
    forget: (link) => void guarded.delete(link),
    end() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
