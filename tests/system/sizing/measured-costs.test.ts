import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ARCHIVE_BYTES_PER_MESSAGE,
  LEDGER_ROWS_PER_DEVICE_HOUR,
  LOG_BYTES_PER_MESSAGE,
  OUTCOME_BYTES_PER_MESSAGE,
  OUTCOME_BYTES_PER_READING,
  sensorCosts,
  vehicleCosts,
  WINDOWS_PER_DEVICE_HOUR,
} from '#apps/sizing/measured-costs.ts';
import { scaledCity } from './scaled-city.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headway-sizing-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Off by a tenth, and `headway size` says something else than what is. */
function expectWithinATenth(measured: number, rule: number, what: string): void {
  expect(measured / rule, `${what}: measured ${measured}, the rule says ${rule}`).toBeGreaterThan(0.9);
  expect(measured / rule, `${what}: measured ${measured}, the rule says ${rule}`).toBeLessThan(1.1);
}

it('a hundred sensors, a reading each 30 s for two hours, cost what the rules say', async () => {
  const load = { kind: 'traffic-flow', devices: 100, periodS: 30, hours: 2, batch: 1 } as const;
  const measured = await scaledCity(directory, load);
  expect(measured.readings).toBe(24_000);
  expectWithinATenth(measured.wireBytesPerReading, sensorCosts.wireBytes, 'bytes sent');
  const logBytes = sensorCosts.wireBytes + LOG_BYTES_PER_MESSAGE;
  expectWithinATenth(measured.logBytesPerMessage, logBytes, 'bytes in the log');
  const archiveBytes = sensorCosts.archiveBytes + ARCHIVE_BYTES_PER_MESSAGE;
  expectWithinATenth(measured.archiveBytesPerReading, archiveBytes, 'bytes in the archive');
  expectWithinATenth(measured.lakeBytesPerReading, sensorCosts.lakeBytes, 'bytes in the lake');
  expectWithinATenth(
    measured.lakeBytesPerWindow,
    sensorCosts.lakeBytesPerWindow,
    'bytes of a window in the lake',
  );
  const documentBytes = sensorCosts.documentBytes + 10 * sensorCosts.documentBytesPerMember;
  expectWithinATenth(measured.documentBytes, documentBytes, 'bytes of a document');
  expect(measured.windowsPerDeviceHour).toBe(WINDOWS_PER_DEVICE_HOUR);
  expect(measured.writesPerWindow).toBe(1);
  expect(measured.ledgerRowsPerDeviceHour).toBeLessThanOrEqual(LEDGER_ROWS_PER_DEVICE_HOUR);
  const outcomeBytes = OUTCOME_BYTES_PER_MESSAGE + OUTCOME_BYTES_PER_READING;
  expectWithinATenth(measured.outcomeBytesPerReading, outcomeBytes, 'bytes of outcomes');
});

it('ten vehicles, a position each second for an hour, too', async () => {
  const load = { kind: 'vehicle-position', devices: 10, periodS: 1, hours: 1, batch: 1 } as const;
  const measured = await scaledCity(directory, load);
  expect(measured.readings).toBe(36_000);
  expectWithinATenth(measured.wireBytesPerReading, vehicleCosts.wireBytes, 'bytes sent');
  const archiveBytes = vehicleCosts.archiveBytes + ARCHIVE_BYTES_PER_MESSAGE;
  expectWithinATenth(measured.archiveBytesPerReading, archiveBytes, 'bytes in the archive');
  expectWithinATenth(measured.lakeBytesPerReading, vehicleCosts.lakeBytes, 'bytes in the lake');
  expectWithinATenth(
    measured.lakeBytesPerWindow,
    vehicleCosts.lakeBytesPerWindow,
    'bytes of a window in the lake',
  );
  const documentBytes = vehicleCosts.documentBytes + 300 * vehicleCosts.documentBytesPerMember;
  expectWithinATenth(measured.documentBytes, documentBytes, 'bytes of a document');
  expect(measured.windowsPerDeviceHour).toBe(WINDOWS_PER_DEVICE_HOUR);
});

it('ten readings in a message save what a message costs', async () => {
  const load = { kind: 'traffic-flow', devices: 100, periodS: 30, hours: 2, batch: 10 } as const;
  const measured = await scaledCity(directory, load);
  expectWithinATenth(
    measured.archiveBytesPerReading,
    sensorCosts.archiveBytes + ARCHIVE_BYTES_PER_MESSAGE / 10,
    'bytes in the archive',
  );
  expectWithinATenth(
    measured.outcomeBytesPerReading,
    OUTCOME_BYTES_PER_READING + OUTCOME_BYTES_PER_MESSAGE / 10,
    'bytes of outcomes',
  );
});
