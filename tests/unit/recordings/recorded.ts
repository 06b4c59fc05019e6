import type { Instant } from '#domain/instant.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import type { RecordedMessage, Recording } from '#ingest/recordings/recording.ts';

export interface SentReading {
  deviceId: string;
  receivedAt: Instant;
  observedAt: string;
  at: Instant;
  [field: string]: unknown;
}

/** Everything a recording sends, reading by reading, in the order sent. */
export async function sentBy(
  recording: Recording,
): Promise<{ messages: RecordedMessage[]; readings: SentReading[] }> {
  const messages: RecordedMessage[] = [];
  const readings: SentReading[] = [];
  for await (const message of recording.messages()) {
    messages.push(message);
    const parsed = JSON.parse(String(message.payload)) as { observedAt: string }[];
    if (parsed.length !== message.readings) throw new Error('a message counts its readings wrongly');
    for (const reading of parsed) {
      const { deviceId, receivedAt } = message;
      readings.push({ ...reading, deviceId, receivedAt, at: Date.parse(reading.observedAt) });
    }
  }
  return { messages, readings };
}

/** The first reading that its kind's own schema refuses. */
export function firstMisfit(messages: readonly RecordedMessage[]): string | undefined {
  for (const { payload } of messages) {
    for (const reading of JSON.parse(String(payload)) as { kind: string }[]) {
      const result = readingKinds.find((k) => k.kind === reading.kind)?.schema.safeParse(reading);
      if (!result?.success) return `${JSON.stringify(reading)}: ${result?.error.message ?? 'unknown kind'}`;
    }
  }
  return undefined;
}

export function caveatNamed(recording: Recording, name: string) {
  return recording.caveats().find((c) => c.name === name);
}
