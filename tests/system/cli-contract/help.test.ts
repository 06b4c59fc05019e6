import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { headwayProgram } from '#apps/cli/program.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { headway } from './command-line.ts';

const program = await headwayProgram();

function everyCommand(command: Command, path: string[] = []): { path: string[]; command: Command }[] {
  const own = path.length > 0 ? [{ path, command }] : [];
  return [...own, ...command.commands.flatMap((c) => everyCommand(c, [...path, c.name()]))];
}

const commands = everyCommand(program);

test('has the commands that were asked for', () => {
  const names = program.commands.map((c) => c.name());
  expect(names).toEqual(
    expect.arrayContaining(
      'up simulate replay network device measure report query dead-letters audit lake config'.split(' '),
    ),
  );
  expect(commands.map((c) => c.path.join(' '))).toEqual(
    expect.arrayContaining([
      'network import',
      'device register',
      'device list',
      'device retire',
      'dead-letters readmit',
      'config check',
    ]),
  );
});

test.for(commands.map((c) => ({ ...c, name: c.path.join(' ') })))(
  'headway $name --help says what it does and what each option means',
  ({ command }) => {
    const help = command.helpInformation();
    expect(command.description()).not.toBe('');
    expect(help).toContain(command.description().split('\n')[0]!.split(' ').slice(0, 4).join(' '));
    for (const option of command.options) {
      expect(help).toContain(option.flags);
      expect(option.description, option.flags).not.toBe('');
    }
    for (const argument of command.registeredArguments) {
      expect(help).toContain(argument.name());
      expect(argument.description, argument.name()).not.toBe('');
    }
  },
);

test('help is words throughout: no half-filled template, no object', () => {
  for (const { path, command } of commands) {
    let whole = '';
    const writeOut = (text: string): void => {
      whole += text;
    };
    command.configureOutput({ writeOut }).outputHelp();
    expect(whole, path.join(' ')).toContain(`Usage: headway ${path.join(' ')}`);
    expect(whole, path.join(' ')).not.toMatch(/\[object|\$\{|undefined|NaN/);
  }
});

test('help is an answer: on stdout, with exit code 0', async () => {
  const [all, one] = await Promise.all([headway(['--help']), headway(['replay', '--help'])]);
  expect(all).toMatchObject({ code: 0, stderr: '' });
  for (const { name, summary } of program.commands.map((c) => ({ name: c.name(), summary: c.summary() }))) {
    expect(all.stdout).toContain(`  ${name}`);
    expect(summary, name).not.toBe('');
  }
  expect(one).toMatchObject({ code: 0, stderr: '' });
  for (const format of ['metr-la', 'scats', 'atspm', 'csv', 'ndjson']) expect(one.stdout).toContain(format);
});

test('headway --version prints the version of the package, and nothing else', async () => {
  expect(await headway(['--version'])).toMatchObject({
    code: 0,
    stdout: `${manifest.version}\n`,
    stderr: '',
  });
});
