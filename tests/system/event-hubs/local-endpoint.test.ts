import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { earliestEventPosition, latestEventPosition } from '@azure/event-hubs';
import { describe, expect, it } from 'vitest';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { codeOf, KEY, localNamespace, receive } from './local-namespace.ts';

describe('the local Event Hubs endpoint, seen by @azure/event-hubs', () => {
  it('keeps events, their numbers and its hub over a restart', async () => {
    await using local = await localNamespace();
    const producer = local.producer();
    await producer.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionId: '1' });
    const before = await producer.getEventHubProperties();
    await local.stop();
    await local.restart();
    const after = local.producer();
    expect(await after.getEventHubProperties()).toEqual(before);
    await after.sendBatch([{ body: 'c' }], { partitionId: '1' });
    const received = receive(local.consumer(), '1', earliestEventPosition);
    expect(await received.bodies(3)).toEqual(['a', 'b', 'c']);
    expect(received.events.map((event) => event.sequenceNumber)).toEqual([0, 1, 2]);
    await received.close();
  });

  it('starts anywhere: sequence number or offset, with it or after it, time, first and last', async () => {
    let nowMs = 1_700_000_000_000;
    await using local = await localNamespace({ now: () => Math.max(nowMs, Date.now()) });
    const producer = local.producer();
    const offsets: string[] = [];
    for (const body of [0, 1, 2, 3, 4]) {
      nowMs = Date.now() + 10_000 * body;
      await producer.sendBatch([{ body }], { partitionId: '0' });
      offsets.push((await producer.getPartitionProperties('0')).lastEnqueuedOffset);
    }
    const second = new Date(nowMs - 30_000 + 1_000);
    const client = local.consumer();
    const from = async (position: Parameters<typeof receive>[2], count: number) => {
      const received = receive(client, '0', position);
      const bodies = await received.bodies(count);
      await received.close();
      return bodies;
    };
    expect(await from(earliestEventPosition, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(await from({ sequenceNumber: 2 }, 2)).toEqual([3, 4]);
    expect(await from({ sequenceNumber: 2, isInclusive: true }, 3)).toEqual([2, 3, 4]);
    expect(await from({ offset: offsets[3]! }, 1)).toEqual([4]);
    expect(await from({ offset: offsets[3]!, isInclusive: true }, 2)).toEqual([3, 4]);
    expect(await from({ enqueuedOn: second }, 3)).toEqual([2, 3, 4]);
    const latest = receive(client, '0', latestEventPosition);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await producer.sendBatch([{ body: 5 }], { partitionId: '0' });
    expect(await latest.bodies(1)).toEqual([5]);
    await latest.close();
  });

  it('keeps a partition key on one partition and shows it; without one it goes round', async () => {
    await using local = await localNamespace({ hubs: [{ name: 'telemetry', partitions: 4 }] });
    const producer = local.producer();
    for (let n = 0; n < 12; n++) await producer.sendBatch([{ body: n }], { partitionKey: 'loop-7' });
    const counts = async () =>
      Promise.all(
        ['0', '1', '2', '3'].map(
          async (id) => (await producer.getPartitionProperties(id)).lastEnqueuedSequenceNumber + 1,
        ),
      );
    const keyed = await counts();
    expect(keyed.toSorted()).toEqual([0, 0, 0, 12]);
    const received = receive(local.consumer(), String(keyed.indexOf(12)), earliestEventPosition);
    await received.bodies(12);
    expect(new Set(received.events.map((event) => event.partitionKey))).toEqual(new Set(['loop-7']));
    await received.close();
    for (let n = 0; n < 4; n++) await producer.sendBatch([{ body: n }]);
    expect((await counts()).map((count, i) => count - keyed[i]!)).toEqual([1, 1, 1, 1]);
  });

  it('has hubs that know nothing of each other', async () => {
    const hubs = ['one', 'two'].map((name) => ({ name, partitions: 1 }));
    await using local = await localNamespace({ hubs });
    await local.producer('one').sendBatch([{ body: 1 }]);
    await local.producer('two').sendBatch([{ body: 2 }]);
    const received = receive(local.consumer('$Default', 'two'), '0', earliestEventPosition);
    expect(await received.bodies(1)).toEqual([2]);
    await received.close();
  });

  it('refuses what the service refuses, with its error codes', async () => {
    await using local = await localNamespace();
    const wrongKey = local.connectionString.replace(KEY, 'another key');
    const big = Buffer.alloc(1_048_577);
    const codes: Record<string, string> = {
      'wrong key': await codeOf(local.producer('telemetry', wrongKey).sendBatch([{ body: 1 }])),
      'wrong key, asked for properties': await codeOf(
        local.producer('telemetry', wrongKey).getEventHubProperties(),
      ),
      'no such hub': await codeOf(local.producer('nowhere').sendBatch([{ body: 1 }])),
      'no such partition': await codeOf(local.producer().sendBatch([{ body: 1 }], { partitionId: '2' })),
      'larger than 1 MiB': await codeOf(local.producer().sendBatch([{ body: big }])),
    };
    const group = receive(local.consumer('nobody'), '0', earliestEventPosition);
    codes['no such consumer group'] = await group.firstError();
    await group.close();
    const ahead = receive(local.consumer(), '0', { sequenceNumber: 5 });
    codes['after what was never sent'] = await ahead.firstError();
    await ahead.close();
    expect(codes).toEqual({
      'wrong key': 'UnauthorizedError',
      'wrong key, asked for properties': 'UnauthorizedError',
      'no such hub': 'MessagingEntityNotFoundError',
      'no such partition': 'ArgumentOutOfRangeError',
      'larger than 1 MiB': 'MessageTooLargeError',
      'no such consumer group': 'MessagingEntityNotFoundError',
      'after what was never sent': 'ArgumentError',
    });
  });

  it('refuses an expired token, and ends the links of one that expires', async () => {
    await using local = await localNamespace();
    const host = `localhost:${local.port}`;
    const resource = `sb://${host}/telemetry`;
    const text = (expiresAt: number) =>
      `Endpoint=sb://${host};SharedAccessSignature=${sasToken(resource, KEY, expiresAt)};UseDevelopmentEmulator=true`;
    const nowS = Math.floor(Date.now() / 1000);
    expect(await codeOf(local.producer('telemetry', text(nowS - 1)).sendBatch([{ body: 1 }]))).toBe(
      'UnauthorizedError',
    );
    const short = local.producer('telemetry', text(nowS + 2));
    await short.sendBatch([{ body: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(await codeOf(short.sendBatch([{ body: 2 }]))).toBe('UnauthorizedError');
  });

  it('says it is busy while it is throttled', async () => {
    await using local = await localNamespace();
    const producer = local.producer();
    local.server().throttle(true);
    expect(await codeOf(producer.sendBatch([{ body: 1 }]))).toBe('ServerBusyError');
    expect(await codeOf(producer.getEventHubProperties())).toBe('ServerBusyError');
    local.server().throttle(false);
    await producer.sendBatch([{ body: 2 }], { partitionId: '0' });
    const received = receive(local.consumer(), '0', earliestEventPosition);
    expect(await received.bodies(1)).toEqual([2]);
    await received.close();
  });

  it('lets a higher owner level take a partition, keeps a lower one out, and has room for five without', async () => {
    await using local = await localNamespace();
    await local.producer().sendBatch([{ body: 1 }], { partitionId: '0' });
    const at = (ownerLevel?: number) =>
      receive(local.consumer(), '0', earliestEventPosition, ownerLevel === undefined ? {} : { ownerLevel });
    const plain = at();
    await plain.bodies(1);
    const first = at(3);
    expect(await plain.firstError()).toBe('ReceiverDisconnectedError');
    await first.bodies(1);
    const lower = at(2);
    expect(await lower.firstError()).toBe('ReceiverDisconnectedError');
    const none = at();
    expect(await none.firstError()).toBe('ReceiverDisconnectedError');
    const same = at(3);
    expect(await first.firstError()).toBe('ReceiverDisconnectedError');
    await same.bodies(1);
    const elsewhere = receive(local.consumer('archive'), '0', earliestEventPosition);
    await elsewhere.bodies(1);
    for (const one of [plain, first, lower, none, same]) await one.close();

    const five = [at(), at(), at(), at(), at()];
    for (const one of five) await one.bodies(1);
    const sixth = at();
    expect(await sixth.firstError()).toBe('QuotaExceededError');
    for (const one of [...five, sixth, elsewhere]) await one.close();
  });

  it('gives an event of IoT Hub its annotations', async () => {
    await using local = await localNamespace({ hubs: [{ name: 'telemetry', partitions: 1 }] });
    const enqueuedAt = new Date('2026-03-01T08:00:00.250Z');
    await local.server().enqueue('telemetry', {
      body: Buffer.from('{"n":1}'),
      partitionKey: 'loop-1',
      annotations: { 'iothub-connection-device-id': 'loop-1', 'iothub-enqueuedtime': enqueuedAt },
      applicationProperties: { firmware: '2.1' },
      properties: { message_id: 'm-1', content_type: 'application/json' },
    });
    const received = receive(local.consumer(), '0', earliestEventPosition);
    expect(await received.bodies(1)).toEqual([{ n: 1 }]);
    const [event] = received.events;
    expect(event).toMatchObject({
      partitionKey: 'loop-1',
      properties: { firmware: '2.1' },
      messageId: 'm-1',
      contentType: 'application/json',
      systemProperties: {
        'iothub-connection-device-id': 'loop-1',
        'iothub-enqueuedtime': enqueuedAt.getTime(),
      },
    });
    await received.close();
  });

  it('names what it does not do', async () => {
    await using local = await localNamespace();
    const client = local.consumer();
    const errors: Error[] = [];
    const subscription = client.subscribe(
      '0',
      { processEvents: async () => {}, processError: async (error) => void errors.push(error) },
      { trackLastEnqueuedEventProperties: true, startPosition: earliestEventPosition },
    );
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await subscription.close();
    expect(errors[0]!.message).toBe(
      'the local Event Hubs endpoint does not implement lastEnqueuedEventProperties on receivers',
    );
  });

  it('survives peers that do not speak AMQP', async () => {
    await using local = await localNamespace();
    for (const noise of [
      'GET / HTTP/1.1\r\n\r\n',
      'AMQP\x00\x01\x00\x00\x00\x00\x00\x0c\x02\x00\x00\x00rubbish',
    ]) {
      const socket = connect(local.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.end(noise, 'latin1');
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await local.producer().sendBatch([{ body: 1 }]);
  });

  it('speaks TLS when it has a certificate', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headway-certificates-'));
    const { ca, cert, key } = await developmentCertificates(directory, Date.now());
    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, ca]);
    try {
      await using local = await localNamespace({ tls: { cert, key } });
      expect(local.connectionString).not.toContain('UseDevelopmentEmulator');
      await local.producer().sendBatch([{ body: 1 }], { partitionId: '0' });
      const received = receive(local.consumer(), '0', earliestEventPosition);
      expect(await received.bodies(1)).toEqual([1]);
      await received.close();
    } finally {
      setDefaultCACertificates(trusted);
      await rm(directory, { recursive: true });
    }
  });

  it('refuses to open a hub with another partition count', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headway-event-hubs-'));
    const start = (partitions: number) =>
      startLocalEventHubs({ directory, port: 0, hubs: [{ name: 'telemetry', partitions }], key: KEY });
    await (await start(2)).close();
    await expect(start(3)).rejects.toThrow('has 2 partitions, not 3');
    await rm(directory, { recursive: true });
  });
});

function sasToken(resource: string, key: string, expiresAtS: number): string {
  const sr = encodeURIComponent(resource);
  const sig = createHmac('sha256', key).update(`${sr}\n${expiresAtS}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${expiresAtS}&skn=RootManageSharedAccessKey`;
}
