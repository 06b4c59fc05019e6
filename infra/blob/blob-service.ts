import { DefaultAzureCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { authentication, type Service } from '#infra/azure/authentication.ts';
import { asOutage } from '#infra/azure/outage.ts';

/**
 * A storage account. `container` gives one of its containers, made when it is missing and we came by connection string:
 * identities may not, for them infra/deploy has made it.
 */
export function blobService(service: Service) {
  const how = authentication('Blob Storage', service);
  // Who calls tries again for as long as it takes, and says so: the SDK's own patience is kept short.
  const options = { retryOptions: { maxTries: 2, retryDelayInMs: 250, tryTimeoutInMs: 15_000 } };
  const client =
    how.by === 'connection-string'
      ? BlobServiceClient.fromConnectionString(how.connectionString, options)
      : new BlobServiceClient(how.endpoint, new DefaultAzureCredential(), options);
  return {
    client,
    /** @throws StoreUnavailable */
    container: async (name: string): Promise<ContainerClient> => {
      const container = client.getContainerClient(name);
      if (how.by === 'identity') return container;
      try {
        await container.createIfNotExists();
      } catch (error) {
        throw asOutage(error, `reach the blob container ${name}`);
      }
      return container;
    },
  };
}
