import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { headway } from '../cli/headway.ts';

test('HFP: what is no HFP is rejected as it came, and the rest goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headway-'));
  try {
    const topic = '/hfp/v2/journey/ongoing/vp/bus/0018/01029/5520/1/A B/17:35/4150208/5/60;24/28/65/93';
    const vp = (lat: number, long: number) =>
      `2024-02-13T16:33:00Z ${topic} {"VP":{"tst":"2024-02-13T16:33:00Z","lat":${lat},"long":${long}}}`;
    const lines = [
      vp(60.1, 24.9),
      `2024-02-13T16:33:00Z ${topic} {"VP":{"ts`,
      'no line of a dump',
      vp(0, 0),
      vp(95, 24.9),
      vp(60.1, 24.9),
      `2024-02-13T16:33:00Z ${topic} {"VP":{"tst":"2024-02-13T17:33:00Z","lat":60.1,"long":24.9}}`,
    ];
    writeFileSync(join(directory, 'bad.dump'), lines.join('\n'));
    const data = join(directory, 'city');
    const replay = await headway(data, 'replay', 'hfp', join(directory, 'bad.dump'), '--no-lake');
    expect(replay.code).toBe(0);
    expect(replay.stderr).toContain('caveat: no-hfp-json: 1');
    expect(replay.stderr).toContain('caveat: no-hfp-topic: 1');
    // One position and the status count, the second of it is a duplicate; five are rejected or quarantined by name.
    expect(replay.stderr).toContain(
      '8 received = 2 counted + 1 duplicate + 0 restated + 4 rejected + 1 quarantined',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('HFP: a replay ends with what is wrong with the feed, and the report says which of it lies before its week', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headway-'));
  try {
    const topic = '/hfp/v2/journey/ongoing/vp/bus/0018/01029/5520/1/A B/17:35/4150208/5/60;24/28/65/93';
    const vp = (at: string, lat: number | null) =>
      `${at} ${topic} {"VP":{"tst":"${at}","lat":${lat},"long":${lat === null ? null : 24.9}}}`;
    const lines = [
      vp('2024-02-13T16:33:00Z', null),
      vp('2024-02-13T16:33:01Z', null),
      vp('2024-03-01T08:00:00Z', 60.1),
    ];
    writeFileSync(join(directory, 'feed.dump'), lines.join('\n'));
    const data = join(directory, 'city');
    const replay = await headway(
      data,
      'replay',
      'hfp',
      join(directory, 'feed.dump'),
      '--timezone',
      'Europe/Helsinki',
    );
    expect(replay.code).toBe(0);
    expect(replay.stderr).toMatch(/feed quality of feed: 1 of the \d+ rules that had something to look at/);
    expect(replay.stderr).toContain('  no-position: 2 of 3');
    expect(replay.stderr).toContain('headway report feed-quality --from 2024-02-13 --to 2024-03-02');
    const report = await headway(data, 'report', 'feed-quality');
    expect(report.code).toBe(0);
    const page = readFileSync(report.stdout.trim(), 'utf8');
    expect(page).toContain('No rule found anything.');
    expect(page).toContain(
      'received from 13 February 2024 on, are not in it; --from 2024-02-13 takes them in',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
