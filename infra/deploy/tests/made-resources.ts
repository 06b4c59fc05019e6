import { runtime } from '@pulumi/pulumi';
import { deployCity } from '../city.ts';
import type { Settings } from '../settings.ts';

/** What a resource was asked to be: trees whose shapes the program's own types have checked. */
// biome-ignore lint/suspicious/noExplicitAny: each test looks at a path of its own
export type Inputs = Record<string, any>;

export interface Made {
  /** The last part of Pulumi's type: StorageAccount, ContainerApp. */
  type: string;
  name: string;
  /** As other resources name it in these tests: /Type/name. */
  id: string;
  inputs: Inputs;
}

export const smallCity: Settings = {
  city: 'leeds',
  location: 'uksouth',
  image: 'leeds.azurecr.io/headway:1',
  registryId: '/subscriptions/s/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/leeds',
  iotHub: { sku: 'S1', units: 2 },
  eventHubs: { partitions: 8, throughputUnits: 1, maxThroughputUnits: 4, retentionDays: 7 },
  cosmosMaxRu: 4_000,
  maxGateways: 2,
  maxProcessors: 8,
  gatewayCertificate: true,
  bridge: {
    url: 'mqtts://broker.leeds.example',
    topics: undefined,
    deviceOf: 'loops/{device}',
    username: 'headway',
  },
  privateNetwork: false,
  alertEmails: ['duty@leeds.example'],
  operatorsGroupId: 'operators-of-leeds',
};

/** What the program asks Azure for, in Pulumi's own test mode: no account, no command line tool. */
export async function madeBy(settings: Settings): Promise<Resources> {
  const made: Made[] = [];
  await runtime.setMocks(
    {
      newResource: ({ type: token, name, inputs }) => {
        const type = token.split(':').at(-1)!;
        const id = `/${type}/${name}`;
        made.push({ type, name, id, inputs });
        const answered: Record<string, unknown> = {
          UserAssignedIdentity: { principalId: name, clientId: `client of ${name}` },
          DatabaseAccount: { documentEndpoint: `https://${name}.documents.azure.com:443/` },
          ContainerApp: {
            configuration: {
              ...inputs.configuration,
              ingress: { ...inputs.configuration?.ingress, fqdn: 'page.leeds.example' },
            },
          },
        };
        return { id, state: { ...inputs, name, ...(answered[type] as object) } };
      },
      call: () => ({ subscriptionId: 'subscription', tenantId: 'tenant' }),
    },
    'headway',
    'test',
  );
  deployCity(settings);
  // Resources register in promises; this waits for all of them.
  await runtime.disconnect();
  return resources(made);
}

/** Looks resources up. */
function resources(made: readonly Made[]) {
  const all = (type: string): Made[] => made.filter((m) => m.type === type);
  return {
    made,
    all,
    /** The inputs of the only one of its type, or of the one with this name. */
    one: (type: string, name?: string): Inputs => {
      const found = all(type).filter((m) => name === undefined || m.name === name);
      if (found.length !== 1) throw new Error(`${found.length} ${type} ${name ?? ''}, not one`);
      return found[0]!.inputs;
    },
  };
}

export type Resources = ReturnType<typeof resources>;
