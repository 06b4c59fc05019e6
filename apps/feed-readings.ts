import type { FeedReading } from '#analytics/feed-quality/live/feed-judge.ts';
import { parseInstant } from '#domain/instant.ts';
import type { LogRecord } from '#domain/log.ts';
import { AHEAD } from '#domain/outcome.ts';
import type { Judged } from '#processing/admission.ts';

/** A record's readings as the live judge of feeds takes them: what was admitted, and what was refused as it was sent. */
export function feedReadings(record: LogRecord, judged: readonly Judged[]): FeedReading[] {
  let sent: unknown[] | undefined;
  return judged.flatMap((one): FeedReading[] => {
    if ('reading' in one) {
      const { reading, observedAt } = one;
      return [
        {
          kind: reading.kind,
          outcome: 'admitted',
          observedAt,
          reading: reading as unknown as FeedReading['reading'],
        },
      ];
    }
    sent ??= readingsSent(record.payload);
    const reading = sent[one.index];
    if (typeof reading !== 'object' || reading === null || !('kind' in reading)) return [];
    const { kind, observedAt } = reading as { kind: unknown; observedAt?: unknown };
    if (typeof kind !== 'string') return [];
    return [
      {
        kind,
        outcome: one.code === AHEAD ? 'ahead' : 'refused',
        observedAt: typeof observedAt === 'string' ? parseInstant(observedAt) : undefined,
        reading: reading as Record<string, unknown>,
      },
    ];
  });
}

function readingsSent(payload: Uint8Array): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return [];
  }
}
