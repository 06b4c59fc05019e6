// A load of QoS 1 messages from its own process: node mqtt-load.mjs PORT CONNECTIONS WINDOW SECONDS sensor|recorder
// Prints one JSON line {acked, seconds}. Packets are encoded once; only the message id is written anew. Device
// `bench-I` has the key `key-bench-I`. As recorders, the connections send for 20 devices each, every message with its
// own receivedAt.
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const [port, connections, window, seconds] = process.argv.slice(2).map(Number);
const recorder = process.argv[6] === 'recorder';
const warmUpMs = 500;
const payloadBytes = 280;

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};
const packet = (type, body) => {
  const length = body.length;
  const header = length < 128 ? [type, length] : [type, (length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from(header), body]);
};

const payload = (deviceId) =>
  Buffer.from(
    JSON.stringify({
      kind: 'traffic-flow',
      observedAt: '2026-05-01T08:00:00Z',
      periodS: 60,
      lane: 1,
      count: 23,
      counts: { car: 19, truck: 3, bus: 1 },
      speedKmh: 87.4,
      occupancy: 0.113,
      direction: 'north',
      seq: 123456,
      note: deviceId,
    }).padEnd(payloadBytes),
  );

let acked = 0;
let counting = false;

function sender(deviceId) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const packets = Array.from({ length: window }, (_, i) => {
    const minute = `2026-05-01T08:${String(i % 60).padStart(2, '0')}:00.000Z`;
    const topic = recorder
      ? `headway/v1/${deviceId}-${10 + (i % 20)}/telemetry/receivedAt=${encodeURIComponent(minute)}`
      : `headway/v1/${deviceId}/telemetry`;
    return packet(0x32, Buffer.concat([text(topic), Buffer.from([0, 1]), payload(deviceId)]));
  });
  const size = packets[0].length;
  const idAt = size - payloadBytes - 2;
  const burst = Buffer.concat(packets);
  let id = 0;
  let connacked = false;
  let held = 0;
  const publish = (n) => {
    // The kernel or the socket's queue may still hold the last burst: a fresh copy each time.
    const bytes = Buffer.from(burst.subarray(0, n * size));
    for (let i = 0; i < n; i++) {
      id = (id % 65535) + 1;
      bytes[i * size + idAt] = id >> 8;
      bytes[i * size + idAt + 1] = id & 0xff;
    }
    socket.write(bytes);
  };
  socket.on('connect', () =>
    socket.write(
      packet(
        0x10,
        Buffer.concat([
          text('MQTT'),
          Buffer.from([4, 0xc2, 0, 60]),
          text(deviceId),
          text(deviceId),
          text(`key-${deviceId}`),
        ]),
      ),
    ),
  );
  socket.on('data', (chunk) => {
    let bytes = chunk.length + held;
    if (!connacked) {
      connacked = true;
      bytes -= 4;
      publish(window);
    }
    const acks = bytes >> 2;
    held = bytes & 3;
    if (acks === 0) return;
    if (counting) acked += acks;
    publish(acks);
  });
  socket.on('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  socket.on('close', () => process.exit(1));
}

for (let i = 0; i < connections; i++) sender(`bench-${i}`);
setTimeout(() => {
  counting = true;
  const from = performance.now();
  setTimeout(() => {
    console.log(JSON.stringify({ acked, seconds: (performance.now() - from) / 1000 }));
    process.exit(0);
  }, seconds * 1000);
}, warmUpMs);
