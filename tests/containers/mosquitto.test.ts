import mqtt from 'mqtt';
import { afterEach, expect, it } from 'vitest';
import { imageOrSkip } from './image.ts';
import { startHeadway, stopAll, tidied } from './start-headway.ts';

afterEach(stopAll);

it("a city's own mosquitto, bridged by mosquitto itself, fills the ledger of our image", async (context) => {
  const ours = await imageOrSkip(context, 'localhost/headway-test/headway');
  const image = await imageOrSkip(context, 'localhost/headway-test/mosquitto', 'eclipse-mosquitto:2');
  const { GenericContainer, Network, Wait } = await import('testcontainers');
  const network = tidied(await new Network().start());
  const headway = await startHeadway(ours, { network });
  const { key } = await headway.registerSensor('loop-1');

  const mosquitto = tidied(
    await new GenericContainer(image)
      .withNetwork(network)
      .withExposedPorts(1883)
      .withCopyContentToContainer([{ content: bridgeConfig(key), target: '/tmp/mosquitto.conf' }])
      .withEntrypoint(['mosquitto', '-c', '/tmp/mosquitto.conf', '-v'])
      .withWaitStrategy(Wait.forLogMessage(/mosquitto version .* running/))
      .withStartupTimeout(30_000)
      .start(),
  );
  const city = await mqtt.connectAsync(`mqtt://${mosquitto.getHost()}:${mosquitto.getMappedPort(1883)}`);
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  for (let back = 10; back > 0; back--) {
    const observedAt = new Date(minute - back * 60_000).toISOString();
    const reading = { kind: 'traffic-flow', observedAt, periodS: 60, count: back };
    await city.publishAsync('junction/4/loop', JSON.stringify(reading), { qos: 1 });
  }
  await city.endAsync();
  await expect.poll(() => headway.counted(), { timeout: 30_000 }).toBe(10);
});

/** mosquitto's own bridge: what comes on the city's topic leaves as the sensor loop-1. */
function bridgeConfig(key: string): string {
  return [
    'listener 1883',
    'allow_anonymous true',
    'connection headway',
    'address headway:1883',
    'bridge_protocol_version mqttv311',
    'try_private false',
    'notifications false',
    'cleansession false',
    'remote_clientid loop-1',
    'remote_username loop-1',
    `remote_password ${key}`,
    'topic loop out 1 junction/4/ headway/v1/loop-1/telemetry/',
    '',
  ].join('\n');
}
