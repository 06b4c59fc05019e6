import { type Command, InvalidArgumentError } from 'commander';
import { feeds } from '#ingest/feeds/feeds.ts';
import type { Recording } from '#ingest/recordings/recording.ts';
import { RecordingFault } from '#ingest/recordings/recording-fault.ts';
import { recordingFormats } from '#ingest/recordings/recording-formats.ts';
import { OperatorFault } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import { describeLedgerSum, ledgerSum } from '../../ledger-sum.ts';
import { withContext } from '../context.ts';
import { say } from '../print.ts';
import { progress } from '../progress.ts';

export function replayCommand(program: Command): void {
  const names = Object.values(recordingFormats)
    .map((f) => `  ${f.name.padEnd(10)} ${f.describe}`)
    .join('\n');
  program
    .command('replay')
    .summary('send a recording through the MQTT door, as its devices would have')
    .description(
      `Sends a recording through the same MQTT door as live devices, registering its sites and devices first: to the\npipeline that runs on this data directory, or to one started for the time it takes.\n\nFormats:\n${names}`,
    )
    .argument('<format>', 'one of the formats above')
    .argument('<path>', 'file or folder of the recording')
    .option('--speed <pace>', 'max, or a multiple of real time such as 60x', parsePace, 'max')
    .option('--name <name>', 'name of the recording, and of its clock domain (default: the file or folder)')
    .option('--map <file>', 'csv: a column map in JSON (see docs/recordings.md)')
    .option('--set <key=value...>', 'csv: one entry of the column map, or a change to it')
    .option('--timezone <zone>', 'csv, ndjson and feeds: IANA zone of the wall clock, and of the city’s days')
    .option('--device <id>', 'csv, ndjson: the device, where the lines name none; feeds: the feed’s own')
    .option('--no-lake', 'leave the export to Parquet for later')
    .addHelpText(
      'after',
      '\nExamples:\n  headway replay metr-la ../shared/data/road/metr-la-week --data ./la\n  headway replay scats ../shared/data/road/scats-melbourne --data ./melbourne --speed max\n  headway replay hfp ../shared/data/hfp/hsl-hfp-v2-dumps --timezone Europe/Helsinki --data ./hsl',
    )
    .action(async (formatName: string, path: string, options: ReplayFlags, command: Command) => {
      const format = recordingFormats[formatName];
      if (!format) {
        throw new OperatorFault(
          `${formatName} is no recording format`,
          `known are ${Object.keys(recordingFormats).join(', ')}`,
          '`headway replay --help` says what each is',
        );
      }
      const recording = await format
        .open(path, {
          ...(options.name ? { name: options.name } : {}),
          ...(options.map ? { map: options.map } : {}),
          ...(options.set ? { mapOptions: options.set } : {}),
          ...(options.timezone ? { timezone: options.timezone } : {}),
          ...(options.device ? { device: options.device } : {}),
        })
        .catch(wrongRecording);
      await withContext(
        command,
        async ({ config, data }) => {
          for (const note of recording.notes) say(`note: ${note}`);
          const { replay } = await import('../../replay.ts');
          const bar = progress('replaying', undefined);
          const started = Date.now();
          const sent = await replay({
            config,
            data,
            recording,
            pace: options.speed,
            onProgress: (messages, readings) => bar.update(readings, `readings in ${messages} messages`),
          });
          bar.end();
          if (sent.readings === 0) process.exitCode = 1;
          const seconds = ((Date.now() - started) / 1_000).toFixed(1);
          say(
            `sent ${sent.readings.toLocaleString('en-GB')} readings of ${sent.devices} devices in ${sent.messages.toLocaleString('en-GB')} messages; all acknowledged and processed in ${seconds} s`,
          );
          for (const c of recording.caveats()) {
            say(
              `caveat: ${c.name}: ${c.count.toLocaleString('en-GB')}${c.examples.length > 0 ? ` (${c.examples.slice(0, 3).join('; ')})` : ''}`,
            );
          }
          say(`ledger of ${data.path}: ${describeLedgerSum(await ledgerSum(data))}`);
          if (options.lake) {
            const { refreshLake } = await import('../../lake-session.ts');
            const lakeBar = progress('exporting', undefined);
            await refreshLake(data, (stage, done, total) => lakeBar.update(done, `of ${total} (${stage})`));
            lakeBar.end();
          }
          if (formatName in feeds) await sayFeedQuality(data, recording, options.lake);
        },
        { founds: true },
      );
    });
}

/** A feed's recording ends with what is wrong with the feed: its device comes first among those of the recording. */
async function sayFeedQuality(data: DataDirectory, { registry }: Recording, lake: boolean): Promise<void> {
  if (!lake) {
    say('feed quality is told once the lake is up to date: `headway report feed-quality`');
    return;
  }
  const { feedQualitySummary } = await import('../../feed-quality-summary.ts');
  for (const line of await feedQualitySummary(data, registry.deviceIds[0]!)) say(line);
}

interface ReplayFlags {
  speed: 'max' | number;
  name?: string;
  map?: string;
  set?: string[];
  timezone?: string;
  device?: string;
  lake: boolean;
}

/** Naming what is no such recording is wrong usage; what goes wrong later is not. */
function wrongRecording(error: unknown): never {
  if (!(error instanceof RecordingFault)) throw error;
  throw new OperatorFault(error.fact, error.detail, error.hint);
}

function parsePace(value: string): 'max' | number {
  if (value === 'max') return 'max';
  const factor = Number(value.replace(/x$/, ''));
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new InvalidArgumentError('max, or a multiple of real time such as 60x');
}
