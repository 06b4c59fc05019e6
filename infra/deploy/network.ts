import * as network from '@pulumi/azure-native/network/index.js';
import * as privatedns from '@pulumi/azure-native/privatedns/index.js';
import type { Input } from '@pulumi/pulumi';
import type { Place } from './place.ts';

/** The apps' own network: devices reach the gateway by TCP, which Container Apps offer only inside one. */
export function makeNetwork(place: Place, city: string) {
  const { resourceGroupName } = place;
  const vnet = new network.VirtualNetwork(`${city}-net`, {
    ...place,
    addressSpace: { addressPrefixes: ['10.40.0.0/16'] },
  });
  const apps = new network.Subnet('apps', {
    resourceGroupName,
    virtualNetworkName: vnet.name,
    subnetName: 'apps',
    addressPrefix: '10.40.0.0/23',
    delegations: [{ name: 'apps', serviceName: 'Microsoft.App/environments' }],
  });
  const endpoints = new network.Subnet(
    'endpoints',
    {
      resourceGroupName,
      virtualNetworkName: vnet.name,
      subnetName: 'endpoints',
      addressPrefix: '10.40.4.0/24',
      privateEndpointNetworkPolicies: 'Enabled',
    },
    // Two subnets of one network can not be made at once.
    { dependsOn: apps },
  );
  return { vnet, apps, endpoints };
}

/** A service, the name of its sub-resource, and the zone in which its private address is told. */
export interface PrivateService {
  name: string;
  id: Input<string>;
  groupId: string;
  zone: string;
}

/** Puts services into the network, under their usual names. */
export function makePrivateEndpoints(
  place: Place,
  { vnet, endpoints }: Pick<ReturnType<typeof makeNetwork>, 'vnet' | 'endpoints'>,
  services: readonly PrivateService[],
): void {
  const { resourceGroupName, tags } = place;
  for (const { name, id, groupId, zone } of services) {
    const endpoint = new network.PrivateEndpoint(`${name}-endpoint`, {
      ...place,
      subnet: { id: endpoints.id },
      privateLinkServiceConnections: [{ name, privateLinkServiceId: id, groupIds: [groupId] }],
    });
    const dns = new privatedns.PrivateZone(zone, {
      resourceGroupName,
      tags,
      location: 'global',
      privateZoneName: zone,
    });
    new privatedns.VirtualNetworkLink(`${name}-link`, {
      resourceGroupName,
      tags,
      location: 'global',
      privateZoneName: dns.name,
      registrationEnabled: false,
      virtualNetwork: { id: vnet.id },
    });
    new network.PrivateDnsZoneGroup(`${name}-zone`, {
      resourceGroupName,
      privateEndpointName: endpoint.name,
      privateDnsZoneConfigs: [{ name, privateDnsZoneId: dns.id }],
    });
  }
}
