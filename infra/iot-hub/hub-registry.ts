import { Agent } from 'node:https';
import { DefaultAzureCredential } from '@azure/identity';
import iothub from 'azure-iothub';
import { authentication, type Service } from '../azure/authentication.ts';

export type HubRegistry = iothub.Registry;

/**
 * The SDK's registry client. `ca`: PEM to trust beside the usual, for a local hub. @throws where the service has
 * neither a connection string nor an endpoint, or the string is not one.
 */
export function hubRegistry(service: Service, ca?: string): HubRegistry {
  const found = authentication('IoT Hub', service);
  if (found.by === 'identity') {
    return iothub.Registry.fromTokenCredential(hostOf(found.endpoint), new DefaultAzureCredential());
  }
  const registry = iothub.Registry.fromConnectionString(found.connectionString);
  reachPort(registry, /(?:^|;)HostName=([^;]+)/i.exec(found.connectionString)?.[1] ?? '', ca);
  return registry;
}

/**
 * The SDK asks for `https://HostName` on 443, also where HostName names a port. An agent's own host and port come
 * before those of a request, and the SDK's transport takes an agent: the one thing of it that is not public.
 */
export function reachPort(client: object, hostName: string, ca: string | undefined): void {
  const [host, port] = hostName.split(':');
  if (port === undefined && ca === undefined) return;
  const { _restApiClient: transport } = client as {
    _restApiClient: { setOptions(options: { http: { agent: Agent } }): void };
  };
  const agent = new Agent({
    keepAlive: true,
    ...(port === undefined ? {} : { host: host!, port: Number(port) }),
    ...(ca === undefined ? {} : { ca }),
  });
  transport.setOptions({ http: { agent } });
}

/** Of an endpoint, which may be a host alone. */
export function hostOf(endpoint: string): string {
  return endpoint.includes('://') ? new URL(endpoint).host : endpoint;
}
