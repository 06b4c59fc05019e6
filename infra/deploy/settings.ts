import type { Config } from '@pulumi/pulumi';
import type { BridgeSettings } from './app-environment.ts';

/** What a city chooses; everything else follows from it. `headway size` prints the numbers. */
export interface Settings {
  city: string;
  location: string;
  /** The image of Containerfile, with its tag. */
  image: string;
  /** Resource id of the container registry that holds it; undefined: the image is public. */
  registryId: string | undefined;
  iotHub: { sku: 'S1' | 'S2' | 'S3'; units: number };
  eventHubs: {
    partitions: number;
    throughputUnits: number;
    maxThroughputUnits: number;
    retentionDays: number;
  };
  /** Highest RU/s that Cosmos DB scales to by itself; 0: serverless. */
  cosmosMaxRu: number;
  maxGateways: number;
  maxProcessors: number;
  /** The vault has the secrets `gateway-certificate` and `gateway-key`; else the gateway makes one for development. */
  gatewayCertificate: boolean;
  /** A broker of the city's own; undefined: there is no bridge. */
  bridge: BridgeSettings | undefined;
  /** Services answer only inside the virtual network. */
  privateNetwork: boolean;
  alertEmails: readonly string[];
  /** Object id of the group that registers devices with the command line; undefined: nobody. */
  operatorsGroupId: string | undefined;
}

/** @throws Error naming a field that is missing or out of range. */
export function readSettings(config: Config): Settings {
  const settings: Settings = {
    city: config.require('city'),
    location: config.require('location'),
    image: config.require('image'),
    registryId: config.get('registryId'),
    iotHub: {
      sku: config.get<'S1' | 'S2' | 'S3'>('iotHubSku', { allowedValues: ['S1', 'S2', 'S3'] }) ?? 'S1',
      units: whole(config, 'iotHubUnits', 1, 1, 200),
    },
    eventHubs: {
      partitions: whole(config, 'partitions', 4, 1, 32),
      throughputUnits: whole(config, 'throughputUnits', 1, 1, 40),
      maxThroughputUnits: whole(config, 'maxThroughputUnits', 4, 1, 40),
      retentionDays: whole(config, 'retentionDays', 7, 1, 7),
    },
    cosmosMaxRu: whole(config, 'cosmosMaxRu', 0, 0, 1_000_000),
    maxGateways: whole(config, 'maxGateways', 2, 1, 300),
    maxProcessors: whole(config, 'maxProcessors', 4, 1, 32),
    gatewayCertificate: config.getBoolean('gatewayCertificate') ?? false,
    bridge: readBridge(config),
    privateNetwork: config.getBoolean('privateNetwork') ?? false,
    alertEmails: config.requireObject<string[]>('alertEmails'),
    operatorsGroupId: config.get('operatorsGroupId'),
  };
  checkTogether(settings);
  return settings;
}

function readBridge(config: Config): BridgeSettings | undefined {
  const url = config.get('bridgeUrl');
  const [topics, deviceOf, username] = ['bridgeTopics', 'bridgeDeviceOf', 'bridgeUsername'].map((field) =>
    config.get(field),
  );
  if (url !== undefined) return { url, topics, deviceOf, username };
  if (topics ?? deviceOf ?? username) throw new Error('bridgeUrl: what else is said of the bridge needs it');
  return undefined;
}

function checkTogether({ city, eventHubs, cosmosMaxRu, maxProcessors, alertEmails }: Settings): void {
  if (!/^[a-z][a-z0-9]{1,11}$/.test(city)) {
    throw new Error('city: 2 to 12 lower-case letters and digits; it becomes part of every name');
  }
  if (eventHubs.maxThroughputUnits < eventHubs.throughputUnits) {
    throw new Error('maxThroughputUnits: not below throughputUnits');
  }
  if (maxProcessors > eventHubs.partitions) {
    throw new Error('maxProcessors: a processor without a partition has nothing to do');
  }
  if (cosmosMaxRu !== 0 && (cosmosMaxRu < 1_000 || cosmosMaxRu % 1_000 !== 0)) {
    throw new Error('cosmosMaxRu: 0 for serverless, or a multiple of 1000');
  }
  if (alertEmails.length === 0) throw new Error('alertEmails: somebody must hear an alert');
}

function whole(config: Config, field: string, otherwise: number, min: number, max: number): number {
  const value = config.getNumber(field) ?? otherwise;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${field}: a whole number from ${min} to ${max}`);
  }
  return value;
}
