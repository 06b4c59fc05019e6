// A local endpoint in a process of its own, for a test that kills it. Arguments: directory, PEM of key and certificate.
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { key } from './open-cosmos.ts';

const [directory, privateKey, cert] = process.argv.slice(2) as [string, string, string];
const local = await startLocalCosmos({ directory, port: 0, tls: { key: privateKey, cert }, key });
process.stdout.write(`${local.endpoint}\n`);
