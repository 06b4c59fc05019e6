import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { feeds } from '#ingest/feeds/feeds.ts';
import { OperatorFault } from '../../config.ts';
import { feedKeys } from '../../feed-keys.ts';
import { withContext } from '../context.ts';
import { interrupted } from '../interrupted.ts';
import { say } from '../print.ts';

interface FeedFlags {
  device?: string;
  topic?: string[];
  every: number;
  timezone?: string;
}

export function feedCommand(program: Command): void {
  program
    .command('feed')
    .summary('bring a live feed of somebody else’s into the city')
    .description(
      `Polls an address (http, https) or subscribes to a broker (mqtt, mqtts, ws, wss), turns what comes into readings, and\nsends them through the door of the pipeline that runs on this data directory, until Ctrl-C. The feed, and each sensor\nit carries, is a device, registered when it is first heard.\n\nFeeds: ${Object.keys(feeds).join(', ')}`,
    )
    .argument('<feed>', 'one of the feeds above')
    .argument('<address>', 'where it comes from')
    .option('--device <id>', 'its name as a device (default: the feed’s)')
    .option('--topic <filter...>', 'of a broker: what to subscribe to')
    .option('--every <seconds>', 'of an address: how often to ask', parseSeconds, 30)
    .option('--timezone <zone>', 'of times without an offset (default: the city’s)')
    .addHelpText(
      'after',
      "\nExamples:\n  headway feed hfp mqtts://broker.example:8883 --topic '/hfp/v2/journey/#'\n  headway feed gtfs-rt https://agency.example/vehicle-positions.pb --every 20 --device agency-vehicles",
    )
    .action(async (name: string, address: string, flags: FeedFlags, command: Command) => {
      const feed = feeds[name];
      if (!feed) {
        throw new OperatorFault(
          `${name} is no feed`,
          `known are ${Object.keys(feeds).join(', ')}`,
          '`headway feed --help`',
        );
      }
      const isBroker = /^(mqtt|ws)s?:\/\//.test(address);
      if (!isBroker && !/^https?:\/\//.test(address)) {
        throw new OperatorFault(
          `${address} is no address`,
          'it begins with none of http, https, mqtt, mqtts, ws, wss',
          '`headway feed --help`',
        );
      }
      if (isBroker && !flags.topic) {
        throw new OperatorFault(
          'a broker needs topics',
          'no --topic is given',
          "such as --topic '/hfp/v2/journey/#'",
        );
      }
      await withContext(command, async ({ config, data }) => {
        const running = data.running();
        if (!running?.mqttPort) {
          throw new OperatorFault(
            `nothing runs on ${data.path}`,
            'a feed needs a door to send to',
            'start it with `headway up`',
            3,
          );
        }
        const signal = interrupted();
        const clock = () => Date.now();
        const onTrouble = (message: string) => say(`trouble: ${message}`);
        const [{ subscribe }, { poll }, { runFeed }] = await Promise.all([
          import('#ingest/feeds/live/subscribe.ts'),
          import('#ingest/feeds/live/poll.ts'),
          import('#ingest/feeds/live/run-feed.ts'),
        ]);
        const source = isBroker
          ? subscribe({ url: address, topics: flags.topic!, clock, signal, onTrouble })
          : poll({
              url: address,
              periodS: flags.every,
              clock,
              random: Math.random,
              sleep: (ms, stop) => sleep(ms, undefined, { signal: stop }).catch(() => {}),
              signal,
              onTrouble,
            });
        const deviceId = flags.device ?? name;
        say(`feed ${name} as device ${deviceId} (Ctrl-C ends)`);
        const sent = await runFeed({
          feed,
          source,
          timezone: flags.timezone ?? config.city.timezone ?? data.city()?.timezone ?? 'UTC',
          deviceId,
          host: running.host,
          port: running.mqttPort,
          keyOf: feedKeys(data.registry, `feed ${name}`, clock),
          onUnusable: ({ reason, detail }) => say(`unusable: ${reason}: ${detail.slice(0, 120)}`),
        });
        say(
          `sent ${sent.readings.toLocaleString('en-GB')} readings in ${sent.messages.toLocaleString('en-GB')} messages, all acknowledged`,
        );
      });
    });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 1) return seconds;
  throw new InvalidArgumentError('seconds, 1 or more');
}
