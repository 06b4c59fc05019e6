// What the machine itself takes for durable acknowledgements: a server that takes MQTT publishes unread, writes them to
// one file (synchronous, many at a time) and acknowledges. No identity, no checks, no processing. fork(..., [FILE]).
import { constants, openSync, write } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const CONNECT = 1;
const PUBLISH = 3;
const file = openSync(process.argv[2]!, constants.O_CREAT | constants.O_WRONLY | constants.O_DSYNC);
let waiting = new Map<Socket, number[]>();
let chunks: Buffer[] = [];
let writing = false;
let fileEnd = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, data]) : data;
    let at = 0;
    for (;;) {
      const size = packetSize(bytes, at);
      if (size === undefined || at + size > bytes.length) break;
      if (bytes[at]! >> 4 === CONNECT) socket.write(Buffer.from([0x20, 2, 0, 0]));
      if (bytes[at]! >> 4 === PUBLISH) note(socket, bytes.subarray(at, at + size));
      at += size;
    }
    rest = bytes.subarray(at);
    if (!writing) setImmediate(flush);
  });
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));

function packetSize(bytes: Buffer, at: number): number | undefined {
  let length = 0;
  for (let i = 1; i <= 4 && at + i < bytes.length; i++) {
    length += (bytes[at + i]! & 0x7f) * 128 ** (i - 1);
    if (bytes[at + i]! < 0x80) return 1 + i + length;
  }
  return undefined;
}

function note(socket: Socket, publish: Buffer): void {
  const topicAt = publish.indexOf('headway/') - 2;
  const messageId = publish.readUInt16BE(topicAt + 2 + publish.readUInt16BE(topicAt));
  const ids = waiting.get(socket);
  if (ids) ids.push(messageId);
  else waiting.set(socket, [messageId]);
  chunks.push(publish);
}

function flush(): void {
  if (writing || chunks.length === 0) return;
  writing = true;
  const acknowledged = waiting;
  const bytes = Buffer.concat(chunks);
  waiting = new Map();
  chunks = [];
  write(file, bytes, 0, bytes.length, fileEnd, (error) => {
    if (error) throw error;
    fileEnd += bytes.length;
    writing = false;
    for (const [socket, ids] of acknowledged) {
      const acks = Buffer.allocUnsafe(4 * ids.length);
      for (const [i, id] of ids.entries()) acks.writeUInt32BE(0x4002_0000 + id, 4 * i);
      socket.write(acks);
    }
    flush();
  });
}
