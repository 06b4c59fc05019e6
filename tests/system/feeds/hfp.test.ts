import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
