/** The peer's flow: MQTT in, JSON, a 5-minute aggregate for each device and lane, a sink. No validation, no log. */
export function nodeRedFlow(brokerPort: number): object[] {
  const tab = 'flow';
  return [
    { id: tab, type: 'tab', label: 'readings' },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: String(brokerPort),
      clientid: 'node-red',
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
      autoConnect: true,
    },
    node('take', 'mqtt in', 'parse', {
      topic: 'headway/v1/+/telemetry',
      qos: '1',
      datatype: 'utf8',
      broker: 'broker',
      inputs: 0,
    }),
    node('parse', 'json', 'aggregate', { property: 'payload', action: 'obj' }),
    node('aggregate', 'function', 'sink', { func: AGGREGATE, initialize: "context.set('open', new Map());" }),
    node('sink', 'function', undefined, { func: "global.get('counts').windows++;" }),
  ];

  function node(id: string, type: string, next: string | undefined, more: object): object {
    // A node without a place would be taken for a configuration.
    return { id, type, z: tab, x: 0, y: 0, wires: next ? [[next]] : [], outputs: next ? 1 : 0, ...more };
  }
}

const AGGREGATE = `
const reading = msg.payload;
const key = msg.topic.split('/')[2] + '/' + reading.lane;
const start = Math.floor(Date.parse(reading.observedAt) / 300000) * 300000;
const open = context.get('open');
global.get('counts').readings++;
let window = open.get(key);
const closed = window && window.start !== start ? window : undefined;
if (!window || closed) {
  window = { key, start, readings: 0, count: 0, observedS: 0, occupancyS: 0, paceS: 0 };
  open.set(key, window);
}
window.readings++;
window.count += reading.count;
window.observedS += reading.periodS;
window.occupancyS += reading.occupancy * reading.periodS;
window.paceS += reading.count * 3600 / reading.speedKmh;
if (closed) return { topic: key, payload: closed };
`;
