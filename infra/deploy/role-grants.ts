import type { ContainerName } from '../cosmos/containers.ts';
import type { Holder } from './holders.ts';

/** Azure's built-in role definitions, by their fixed ids. */
export const builtInRoles = {
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  'IoT Hub Registry Contributor': '4ea46cd5-c1b2-4a8e-910b-273211f9ce47',
  'IoT Hub Twin Contributor': '494bdba2-168f-4f31-a0a1-191d2f7c028c',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
} as const;
export type BuiltInRole = keyof typeof builtInRoles;

/** What a right is given on: no wider than one hub, one container, one vault. */
export type Scope = 'readings' | 'checkpoints' | 'ownership' | 'lake' | 'iothub' | 'vault' | 'registry';

export interface Grant {
  role: BuiltInRole;
  on: Scope;
}

const send: Grant = { role: 'Azure Event Hubs Data Sender', on: 'readings' };
const receive: Grant = { role: 'Azure Event Hubs Data Receiver', on: 'readings' };
/** Its own image. */
const everyApp: readonly Grant[] = [{ role: 'AcrPull', on: 'registry' }];

/** Who may do what on which service, apart from Cosmos DB, which keeps roles of its own. */
export const grants: Record<Holder, readonly Grant[]> = {
  gateway: [...everyApp, send, { role: 'Key Vault Secrets User', on: 'vault' }],
  bridge: [...everyApp, send, { role: 'Key Vault Secrets User', on: 'vault' }],
  processor: [
    ...everyApp,
    receive,
    { role: 'Storage Blob Data Contributor', on: 'checkpoints' },
    { role: 'Storage Blob Data Contributor', on: 'ownership' },
  ],
  exporter: [
    ...everyApp,
    receive,
    // The lease that says who exports lies beside the checkpoints.
    { role: 'Storage Blob Data Contributor', on: 'checkpoints' },
    { role: 'Storage Blob Data Contributor', on: 'lake' },
  ],
  api: [
    ...everyApp,
    // How far the log is ahead of processing.
    receive,
    { role: 'Storage Blob Data Reader', on: 'checkpoints' },
    { role: 'Storage Blob Data Reader', on: 'lake' },
  ],
  iothub: [send],
  provisioning: [
    { role: 'IoT Hub Registry Contributor', on: 'iothub' },
    { role: 'IoT Hub Twin Contributor', on: 'iothub' },
  ],
  // They found the city, register devices, judge dead letters again, and ask.
  operators: [
    send,
    receive,
    { role: 'Storage Blob Data Reader', on: 'checkpoints' },
    { role: 'Storage Blob Data Reader', on: 'lake' },
    { role: 'IoT Hub Registry Contributor', on: 'iothub' },
    { role: 'IoT Hub Twin Contributor', on: 'iothub' },
  ],
};

/** Cosmos DB's two built-in data roles. */
export const cosmosRoleIds = {
  reader: '00000000-0000-0000-0000-000000000001',
  contributor: '00000000-0000-0000-0000-000000000002',
} as const;

/** Who reads and who writes which container of the database; what is not named is neither. */
export const cosmosGrants: Partial<
  Record<Holder, Partial<Record<ContainerName, keyof typeof cosmosRoleIds>>>
> = {
  // What the door, or a bridge, could not take is counted in the journal.
  gateway: { registry: 'reader', journal: 'contributor' },
  bridge: { registry: 'reader', journal: 'contributor' },
  processor: { windows: 'contributor', ledger: 'contributor', journal: 'contributor', registry: 'reader' },
  // An export pins the commit that it reads at, in the journal.
  exporter: { windows: 'reader', ledger: 'reader', journal: 'contributor', registry: 'reader' },
  api: { windows: 'reader', ledger: 'reader', journal: 'reader', registry: 'reader' },
  operators: { windows: 'reader', ledger: 'reader', journal: 'reader', registry: 'contributor' },
};
