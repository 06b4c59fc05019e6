// A process of its own: local Event Hubs, or with `empty` an endpoint that keeps nothing and accepts all.
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import {
  acceptConnection,
  answerReceiver,
  answerSender,
  type EventContext,
} from '#infra/local/event-hubs/rhea-server.ts';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';

const HUB = 'telemetry';
const PARTITIONS = 4;
const KEY = 'a key for a bench on one machine';

export interface BenchEndpoint {
  connectionString: string;
}

// In the working directory, for /tmp may be memory.
const directory = mkdtempSync(join(process.cwd(), '.headway-bench-event-hubs-'));
const endpoint = process.argv[2] === 'empty' ? await startEmpty() : await startFull();
process.on('disconnect', async () => {
  await endpoint.close();
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});
process.send!({ connectionString: endpoint.connectionString } satisfies BenchEndpoint);

function startFull() {
  return startLocalEventHubs({
    directory,
    port: 0,
    hubs: [{ name: HUB, partitions: PARTITIONS }],
    key: KEY,
  });
}

async function startEmpty() {
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = acceptConnection(socket);
    const replies = new Map<string, { send(message: object): unknown }>();
    connection.on('disconnected', () => {});
    connection.on('sender_open', ({ sender }) => {
      answerSender(sender!);
      replies.set(sender!.name, sender!);
    });
    connection.on('receiver_open', ({ receiver }) => {
      answerReceiver(receiver!, 1024 * 1024);
      receiver!.add_credit(300);
      receiver!.on('message', ({ message, delivery }: EventContext) => {
        delivery!.accept();
        receiver!.add_credit(1);
        replies.get(String(message!.reply_to))?.send({
          correlation_id: message!.message_id,
          application_properties: { 'status-code': 202 },
          body: {},
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    connectionString: `Endpoint=sb://127.0.0.1:${(server.address() as AddressInfo).port};SharedAccessKeyName=any;SharedAccessKey=any;UseDevelopmentEmulator=true`,
    close: async () => void server.close(),
  };
}
