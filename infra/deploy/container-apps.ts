import type { types } from '@pulumi/azure-native';
import * as app from '@pulumi/azure-native/app/index.js';
import type { Input } from '@pulumi/pulumi';
import { HEALTH_PORT } from './app-environment.ts';
import type { AppRole } from './holders.ts';
import type { Identities } from './identities.ts';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

export const SECRETS_PATH = '/secrets';

export interface AppParts {
  subnetId: Input<string>;
  identities: Identities;
  /** Those that the city has. */
  roles: readonly AppRole[];
  /** What a role is told of its surroundings. */
  environmentOf(role: AppRole): Record<string, Input<string>>;
  /** Secrets of the vault, by the variable that holds each. */
  secretsOf(role: AppRole): Record<string, Secret>;
  /** Secrets of the vault, by the file below SECRETS_PATH that holds each. */
  secretFilesOf(role: AppRole): Record<string, Secret>;
  scale: Record<AppRole, types.input.app.ScaleArgs>;
  /** Host name of the registry that holds the image; undefined: it is public. */
  registryServer: Input<string> | undefined;
}

interface Secret {
  name: string;
  keyVaultUrl: Input<string>;
}

export function makeContainerApps(place: Place, settings: Settings, parts: AppParts) {
  const { resourceGroupName, location, tags } = place;
  const environment = new app.ManagedEnvironment(`${settings.city}-apps`, {
    ...place,
    vnetConfiguration: { infrastructureSubnetId: parts.subnetId, internal: false },
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
    // To the workspace by diagnostic settings: the other way wants the workspace's shared key.
    appLogsConfiguration: { destination: 'azure-monitor' },
    peerTrafficConfiguration: { encryption: { enabled: true } },
  });
  const apps = Object.fromEntries(
    parts.roles.map((role) => {
      const identity = parts.identities[role];
      const secrets = parts.secretsOf(role);
      const files = Object.entries(parts.secretFilesOf(role));
      const made = new app.ContainerApp(`${settings.city}-${role}`, {
        resourceGroupName,
        location,
        tags: { ...tags, role },
        environmentId: environment.id,
        workloadProfileName: 'Consumption',
        identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
        configuration: {
          activeRevisionsMode: 'Single',
          ...ingressOf(role),
          secrets: [...Object.values(secrets), ...files.map(([, secret]) => secret)].map((secret) => ({
            ...secret,
            identity: identity.id,
          })),
          ...(parts.registryServer
            ? { registries: [{ server: parts.registryServer, identity: identity.id }] }
            : {}),
        },
        template: {
          ...(files.length > 0
            ? {
                volumes: [
                  {
                    name: 'secrets',
                    storageType: 'Secret',
                    secrets: files.map(([path, { name }]) => ({ path, secretRef: name })),
                  },
                ],
              }
            : {}),
          containers: [
            containerOf(
              role,
              settings.image,
              { ...parts.environmentOf(role), AZURE_CLIENT_ID: identity.clientId },
              secrets,
              files.length > 0 ? [{ volumeName: 'secrets', mountPath: SECRETS_PATH }] : [],
            ),
          ],
          scale: parts.scale[role],
          // Long enough to give its partitions up and commit.
          terminationGracePeriodSeconds: 60,
        },
      });
      return [role, made];
    }),
  ) as Partial<Record<AppRole, app.ContainerApp>> & Record<Exclude<AppRole, 'bridge'>, app.ContainerApp>;
  return { environment, apps };
}

function containerOf(
  role: AppRole,
  image: string,
  environment: Record<string, Input<string>>,
  secrets: Record<string, Secret>,
  volumeMounts: types.input.app.VolumeMountArgs[],
): types.input.app.ContainerArgs {
  return {
    name: role,
    image,
    args: ['up', '--role', role],
    env: [
      ...Object.entries(environment).map(([name, value]) => ({ name, value })),
      ...Object.entries(secrets).map(([name, secret]) => ({ name, secretRef: secret.name })),
    ],
    resources: { cpu: 1, memory: '2Gi' },
    probes,
    volumeMounts,
  };
}

/** Alive from its start on; ready when it has all it needs. One that waits for the city to be founded is not started again. */
const probes: types.input.app.ContainerAppProbeArgs[] = [
  { type: 'Startup', ...asked('/healthz'), failureThreshold: 30 },
  { type: 'Liveness', ...asked('/healthz'), failureThreshold: 6 },
  { type: 'Readiness', ...asked('/readyz'), failureThreshold: 3 },
];

function asked(path: string): Omit<types.input.app.ContainerAppProbeArgs, 'type'> {
  return { periodSeconds: 10, timeoutSeconds: 3, httpGet: { path, port: HEALTH_PORT } };
}

/** Devices come by MQTT over TLS, which the gateway itself ends: it must see a device's certificate. */
function ingressOf(role: AppRole): { ingress?: types.input.app.IngressArgs } {
  if (role === 'gateway')
    return { ingress: { external: true, transport: 'tcp', targetPort: 8883, exposedPort: 8883 } };
  if (role === 'api')
    return { ingress: { external: true, transport: 'auto', targetPort: 8080, allowInsecure: false } };
  return {};
}
