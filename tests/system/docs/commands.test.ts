import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { listReports } from '#analytics/notebooks/reports.ts';
import { headwayProgram } from '#apps/cli/program.ts';
import { recordingFormats } from '#ingest/recordings/recording-formats.ts';
import { blockCommands, documentAt, documents, inlineCommands, root, words } from './documents.ts';

const reports = (await listReports()).map((r) => r.name);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const named = documents().flatMap((document) => [
  ...blockCommands(document).map((command) => ({ command, path: document.path, whole: true })),
  ...inlineCommands(document).map((command) => ({ command, path: document.path, whole: false })),
]);

describe('every command that a document names', () => {
  test.for(named)('is one: $path: $command', async ({ command, whole }) => {
    const given = words(command);
    if (given[0] === 'npm') expectScript(given.slice(1));
    else if (given[0] !== 'node') await expectCommand(given.slice(given.indexOf('headway') + 1), whole);
  });
});

test('the documents that newcomers start from name commands', () => {
  for (const [path, least] of [
    ['README.md', 5],
    ['docs/operators.md', 6],
    ['docs/planners.md', 6],
    ['docs/recordings.md', 1],
    ['docs/network.md', 3],
  ] as const) {
    const document = documentAt(path);
    if (document) expect(blockCommands(document).length, path).toBeGreaterThanOrEqual(least);
  }
});

function expectScript([first, ...rest]: string[]): void {
  const script = first === 'run' ? rest[0] : first;
  if (script === 'install' || script === 'ci') return;
  expect(Object.keys(scripts)).toContain(script);
}

/** A whole command has the arguments it needs; one in running text may leave them out. */
async function expectCommand(args: readonly string[], whole: boolean): Promise<void> {
  const program = await headwayProgram();
  const { command, rest } = find(program, args);
  const { operands, unknown } = command.parseOptions(rest);
  // Options of the program may stand behind the command too.
  const beyond = program
    .parseOptions(unknown)
    .unknown.filter((word) => word.startsWith('-') && word !== '--help');
  expect(beyond, 'unknown options').toEqual([]);
  const needed = command.registeredArguments.filter((a) => a.required).length;
  expect(operands.length).toBeLessThanOrEqual(command.registeredArguments.length);
  if (!whole) return;
  expect(operands.length).toBeGreaterThanOrEqual(needed);
  if (command.name() === 'replay') expect(Object.keys(recordingFormats)).toContain(operands[0]);
  if (command.name() === 'report' && operands[0] && !operands[0].endsWith('.md')) {
    expect(reports).toContain(operands[0]);
  }
  if (command.name() === 'measure' && operands[0]) {
    const { getMeasure } = await import('#analytics/measures/measures.ts');
    expect(() => getMeasure(operands[0]!)).not.toThrow();
  }
}

function find(command: Command, args: readonly string[]): { command: Command; rest: string[] } {
  const next = command.commands.find((c) => c.name() === args[0]);
  if (next) return find(next, args.slice(1));
  if (command.commands.length > 0 && !command.parent) throw new Error(`headway has no command ${args[0]}`);
  return { command, rest: [...args] };
}
