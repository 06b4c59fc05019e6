import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { meaningOfState, sensorStates } from '#apps/api/sensor-state.ts';
import { readConfig } from '#apps/config.ts';
import { deadLetterReasons } from '#apps/dead-letters.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/operators.md'), 'utf8');

test('every field of the configuration is described with its default', () => {
  for (const [section, fields] of Object.entries(readConfig(undefined, {}))) {
    for (const [field, value] of Object.entries(fields)) {
      const line = text.split('\n').find((l) => l.startsWith('| `') && l.includes(`\`${section}.${field}\``));
      expect(line, `${section}.${field}`).toContain(String(value));
    }
  }
});

test('every reason of a dead letter and every state of a sensor has its line', () => {
  for (const reason of deadLetterReasons) expect(text).toMatch(new RegExp(`^\\|.*\`${reason}\``, 'm'));
  for (const state of sensorStates) expect(text).toMatch(new RegExp(`^\\| ${state} \\|`, 'm'));
  expect(Object.keys(meaningOfState)).toEqual([...sensorStates]);
});
