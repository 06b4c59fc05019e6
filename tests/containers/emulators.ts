import { tidied } from './start-headway.ts';

/** The key that every Cosmos DB emulator has, from Microsoft's documentation. */
const COSMOS_KEY = 'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==';

/** Where Microsoft's images are, such as HOST; images of these names that are here need none. */
const from = process.env.HEADWAY_MICROSOFT_IMAGES ? `${process.env.HEADWAY_MICROSOFT_IMAGES}/` : '';

export const emulatorImages = {
  eventHubs: `${from}azure-messaging/eventhubs-emulator:latest`,
  azurite: `${from}azure-storage/azurite:latest`,
  cosmos: `${from}cosmosdb/linux/azure-cosmos-emulator:vnext-preview`,
};

/** The official Event Hubs emulator with hubs of these names and partitions; its connection string. */
export async function startEventHubsEmulator(
  hubs: readonly { name: string; partitions: number }[],
): Promise<string> {
  const { GenericContainer, Network, Wait } = await import('testcontainers');
  const network = tidied(await new Network().start());
  tidied(
    await new GenericContainer(emulatorImages.azurite)
      .withNetwork(network)
      .withNetworkAliases('azurite')
      .withWaitStrategy(Wait.forLogMessage(/Table service is successfully listening/))
      .start(),
  );
  const config = {
    UserConfig: {
      NamespaceConfig: [
        {
          Type: 'EventHub',
          Name: 'emulatorNs1',
          Entities: hubs.map(({ name, partitions }) => ({
            Name: name,
            PartitionCount: String(partitions),
            ConsumerGroups: [],
          })),
        },
      ],
      LoggingConfig: { Type: 'File' },
    },
  };
  const emulator = tidied(
    await new GenericContainer(emulatorImages.eventHubs)
      .withNetwork(network)
      .withEnvironment({ ACCEPT_EULA: 'Y', BLOB_SERVER: 'azurite', METADATA_SERVER: 'azurite' })
      .withCopyContentToContainer([
        { content: JSON.stringify(config), target: '/Eventhubs_Emulator/ConfigFiles/Config.json' },
      ])
      .withExposedPorts(5672, 9092, 5300)
      .withWaitStrategy(Wait.forHttp('/health', 5300))
      .withStartupTimeout(120_000)
      .start(),
  );
  return `Endpoint=sb://${emulator.getHost()}:${emulator.getMappedPort(5672)};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;`;
}

/** The official Cosmos DB emulator; its connection string. Port 8081 of this machine: it tells clients to come there. */
export async function startCosmosEmulator(): Promise<string> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const emulator = tidied(
    await new GenericContainer(emulatorImages.cosmos)
      .withEnvironment({ PROTOCOL: 'http', PORT: '8081', ENABLE_EXPLORER: 'false' })
      .withExposedPorts({ container: 8081, host: 8081 }, 1234)
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(120_000)
      .start(),
  );
  return `AccountEndpoint=http://${emulator.getHost()}:8081/;AccountKey=${COSMOS_KEY};`;
}
