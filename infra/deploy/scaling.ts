import type { types } from '@pulumi/azure-native';
import type { Input } from '@pulumi/pulumi';

/** Records that one more processor is worth: some seconds of its work. */
const LAG_RECORDS = 50_000;

export interface Lag {
  namespaceName: Input<string>;
  hubName: Input<string>;
  consumerGroup: string;
  storageAccountName: Input<string>;
  /** Resource id of who asks: receiver of the hub, reader of the checkpoints. */
  identityId: Input<string>;
}

/**
 * Processors by how far behind they are. KEDA reads what the Event Hubs SDK calls a checkpoint; the processor writes it
 * as a hint, beside its own fenced position.
 */
export function byConsumerLag(lag: Lag, maxReplicas: number): types.input.app.ScaleArgs {
  return {
    minReplicas: 1,
    maxReplicas,
    pollingInterval: 30,
    cooldownPeriod: 300,
    rules: [
      {
        name: 'consumer-lag',
        custom: {
          type: 'azure-eventhub',
          identity: lag.identityId,
          metadata: {
            eventHubNamespace: lag.namespaceName,
            eventHubName: lag.hubName,
            consumerGroup: lag.consumerGroup,
            unprocessedEventThreshold: String(LAG_RECORDS),
            checkpointStrategy: 'blobMetadata',
            storageAccountName: lag.storageAccountName,
            blobContainer: 'checkpoints',
          },
        },
      },
    ],
  };
}

/** Gateways by open connections. */
export function byConnections(maxReplicas: number): types.input.app.ScaleArgs {
  return {
    minReplicas: Math.min(2, maxReplicas),
    maxReplicas,
    rules: [{ name: 'connections', tcp: { metadata: { concurrentConnections: '10000' } } }],
  };
}

/** One, always: it alone writes the lake, or holds a client's place at a foreign broker. */
export const justOne: types.input.app.ScaleArgs = { minReplicas: 1, maxReplicas: 1 };

export const byRequests: types.input.app.ScaleArgs = {
  minReplicas: 1,
  maxReplicas: 3,
  rules: [{ name: 'requests', http: { metadata: { concurrentRequests: '50' } } }],
};
