// A process of its own: local Cosmos DB and Blob Storage, or with `empty` an endpoint that keeps nothing and says yes.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalBlob } from '#infra/local/blob/start-local-blob.ts';
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import {
  type DevelopmentCertificates,
  developmentCertificates,
} from '#ingest/gateway/development-certificates.ts';

export interface Endpoints {
  cosmos: string;
  blob: string;
  ca: string;
}

const key = Buffer.from('a master key for a bench on one machine').toString('base64');
const directory = mkdtempSync(join(tmpdir(), 'headway-bench-cosmos-'));
const tls = await developmentCertificates(join(directory, 'certificates'));
const cosmos = process.argv[2] === 'empty' ? await startEmpty(tls) : await startFull();
const blob = await startLocalBlob({ directory: join(directory, 'blob') });
process.on('disconnect', async () => {
  await Promise.all([cosmos.close(), blob.close()]);
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});
process.send!({
  cosmos: cosmos.connectionString,
  blob: blob.connectionString,
  ca: tls.ca,
} satisfies Endpoints);

function startFull() {
  return startLocalCosmos({ directory: join(directory, 'cosmos'), port: 0, tls, key });
}

async function startEmpty({ key: tlsKey, cert }: DevelopmentCertificates) {
  const server = createServer({ key: tlsKey, cert }, (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(answer(request.url!, request.headers.host!, body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}/`;
  return {
    connectionString: `AccountEndpoint=${endpoint};AccountKey=${key};`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(url: string, host: string, body: string): string {
  if (url === '/') {
    const locations = [{ name: 'Local', databaseAccountEndpoint: `https://${host}/` }];
    const level = { defaultConsistencyLevel: 'Strong' };
    return JSON.stringify({
      writableLocations: locations,
      readableLocations: locations,
      userConsistencyPolicy: level,
    });
  }
  if (url.endsWith('/pkranges')) {
    const range = { id: '0', minInclusive: '', maxExclusive: 'FF', _rid: 'a', parents: [] };
    return JSON.stringify({ _rid: 'a', _count: 1, PartitionKeyRanges: [range] });
  }
  if (url.endsWith('/docs')) {
    const operations = body.split('"operationType"').length - 1;
    return `[${Array(operations).fill('{"statusCode":201,"requestCharge":6,"eTag":"\\"1\\""}').join(',')}]`;
  }
  return JSON.stringify({ id: 'windows', _rid: 'a', partitionKey: { paths: ['/deviceId'], kind: 'Hash' } });
}
