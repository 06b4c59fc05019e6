// A load of QoS 1 messages, one reading each, from its own process. Takes a LoadOptions in JSON, prints a LoadResult.
import { connect } from 'node:net';
import { MINUTE_MS } from '#domain/instant.ts';
import { ackParser, connectBytes, publishTemplate } from '../system/recovery/load-packets.ts';
import { firstMinute, minuteOf } from '../system/recovery/load-reading.ts';
import type { LoadOptions, LoadResult } from './run-load.ts';

const options = JSON.parse(process.argv[2]!) as LoadOptions;
const { port, connections, warmUpS, seconds, role = 'sensor', window = 20, ratePerS } = options;
const DEVICES_A_RECORDER = 20;
/** Messages in flight of one connection whose times are told apart. */
const SENT_REMEMBERED = connections > 1_000 ? 64 : 65_536;
const first = firstMinute(Date.now());

let sent = 0;
let acked = 0;
let counting = false;
let counted = 0;
let stopped = false;
let lateMs = 0;
/** In place: a list that grows is copied, and what waits meanwhile looks late. */
const latenciesMs = new Float64Array(Math.ceil((ratePerS ?? 0) * seconds * 1.5));

interface Sender {
  publish(n: number): void;
  isReady(): boolean;
  end(): void;
}

/** Readings of one connection: lane after lane, minute after minute, over the last week; no two are the same. */
function sender(deviceId: string): Sender {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const subjects = role === 'recorder' ? DEVICES_A_RECORDER : 1;
  const templates = Array.from({ length: subjects }, (_, i) =>
    publishTemplate(role === 'recorder' ? `${deviceId}-${10 + i}` : deviceId, role === 'recorder'),
  );
  const size = templates[0]!.bytes.length;
  let turn = 0;
  let ready = false;
  const sentAt = new Float64Array(ratePerS ? SENT_REMEMBERED : 0);

  const publish = (n: number) => {
    const bytes = Buffer.allocUnsafe(n * size);
    const now = performance.now();
    for (let i = 0; i < n; i++) {
      const messageId = (turn % 65_535) + 1;
      const reading = Math.floor(turn / subjects);
      templates[turn % subjects]!.write(bytes, i * size, messageId, reading, first);
      if (ratePerS) sentAt[messageId % SENT_REMEMBERED] = now;
      turn++;
    }
    if (minuteOf(Math.floor(turn / subjects), first) * MINUTE_MS > Date.now())
      throw new Error('a week of readings is used up: load for less long');
    sent += n;
    socket.write(bytes);
  };

  const acknowledged = (messageId: number) => {
    acked++;
    if (!counting) return;
    if (ratePerS) latenciesMs[counted] = performance.now() - sentAt[messageId % SENT_REMEMBERED]!;
    counted++;
  };
  const parse = ackParser(acknowledged);
  socket.on('connect', () => socket.write(connectBytes(deviceId)));
  socket.on('data', (chunk: Buffer) => {
    const before = acked;
    if (!ready) {
      if (chunk[0] !== 0x20 || chunk[3] !== 0) throw new Error(`refused: ${chunk.toString('hex')}`);
      ready = true;
      parse(chunk.subarray(4));
      if (!ratePerS) publish(window);
    } else parse(chunk);
    if (!ratePerS && !stopped && acked > before) publish(acked - before);
  });
  socket.on('close', () => {
    if (stopped && acked >= sent) return;
    console.error(`${deviceId} was closed`);
    process.exit(1);
  });
  socket.on('error', (error) => console.error(error.message));
  return {
    publish,
    isReady: () => ready,
    end: () => socket.end(Buffer.from([0xe0, 0])),
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const senders = Array.from({ length: connections }, (_, i) => sender(`bench-${i}`));
while (!senders.every((s) => s.isReady())) await sleep(5);

/** Every connection in turn, each message as soon as it is due; how long it waited for us is told apart. */
if (ratePerS) {
  const from = performance.now();
  let due = 0;
  const tick = () => {
    if (stopped) return;
    const now = performance.now();
    const target = Math.floor(((now - from) * ratePerS) / 1_000);
    const n = target - due;
    if (counting && n > 0) lateMs = Math.max(lateMs, (n / ratePerS) * 1_000);
    for (let i = 0; i < connections; i++) {
      const share = Math.floor((target + i) / connections) - Math.floor((due + i) / connections);
      if (share > 0) senders[i]!.publish(share);
    }
    due = target;
    setTimeout(tick, 1);
  };
  tick();
}

await sleep(warmUpS * 1_000);
const from = performance.now();
const startedAt = Date.now();
counting = true;
await sleep(seconds * 1_000);
counting = false;
const measuredS = (performance.now() - from) / 1_000;
stopped = true;
for (const end = Date.now() + 20_000; acked < sent; await sleep(2)) {
  if (Date.now() > end) throw new Error(`${sent - acked} messages were not acknowledged within 20 s`);
}
const endedAt = Date.now();
for (const each of senders) each.end();
const sorted = latenciesMs.subarray(0, counted).sort();
const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
const result: LoadResult = {
  ackedPerS: counted / measuredS,
  sent,
  startedAt,
  endedAt,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  maxMs: at(1),
  latestMs: lateMs,
};
console.log(JSON.stringify(result));
