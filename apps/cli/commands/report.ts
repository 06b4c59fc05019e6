import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { listReports, type Report } from '#analytics/notebooks/reports.ts';
import { OperatorFault } from '../../config.ts';
import { cityOf, withContext } from '../context.ts';
import { printRows, say } from '../print.ts';
import { progress } from '../progress.ts';

interface ReportFlags {
  from?: string;
  to?: string;
  corridor?: string;
  site?: string;
  set?: string[];
  out?: string;
  pdf?: boolean;
}

export async function reportCommand(program: Command): Promise<void> {
  const reports = await listReports();
  const list = reports
    .map((r) => [`  ${r.name}: ${r.description.trim()}`, ...r.parameters.map(parameterLine)].join('\n'))
    .join('\n\n');
  program
    .command('report')
    .summary('render a report to one HTML file, and to PDF')
    .description(
      'Renders a report: a built-in one by name, or your own Markdown notebook by path (docs/writing-reports.md).\nThe HTML is one file that needs nothing else. Without a name, lists the built-in reports.',
    )
    .argument('[name]', 'built-in report, or the path of a .md notebook')
    .option('--from <date>', 'first day, city time')
    .option('--to <date>', 'the day after the last, city time')
    .option('--corridor <id>', 'corridor, for reports of one')
    .option('--site <id>', 'site, for reports of one')
    .option('--set <name=value...>', 'any other parameter of the report')
    .option('--out <file>', 'where to write (default DATA/reports/NAME-....html)')
    .option('--pdf', 'also write a PDF beside it, with Chromium')
    .addHelpText(
      'after',
      `\nBuilt in:\n${list}\n\nExample:\n  headway report weekly --from 2012-03-01 --to 2012-03-08 --pdf --data ./la`,
    )
    .action(async (name: string | undefined, flags: ReportFlags, command: Command) => {
      if (!name) {
        printRows(
          reports.map((r) => ({
            name: r.name,
            report: r.kind,
            parameters: r.parameters.map((p) => p.name).join(', '),
          })),
          'table',
        );
        return;
      }
      const path = reports.find((r) => r.name === name)?.path ?? resolve(name);
      if (!existsSync(path)) {
        throw new OperatorFault(
          `there is no report ${name}`,
          `built in are ${reports.map((r) => r.name).join(', ')}; no file ${path} either`,
          'your own report is a Markdown notebook: docs/writing-reports.md',
        );
      }
      await withContext(command, async ({ data }) => {
        const city = cityOf(data);
        const { renderReport, reportSession } = await import('../../report.ts');
        const parameters = parametersOf(flags);
        const bar = progress('judging', undefined);
        const connection = await reportSession(data, {
          city,
          path,
          parameters,
          onProgress: (done, total) => bar.update(done, `of ${total} days`),
        });
        bar.end();
        const { html, errors, title } = await renderReport({ connection, city, path, parameters });
        const refused = errors.find((e) => e.block === 'front matter');
        if (refused) {
          throw new OperatorFault(
            `could not render ${name}`,
            refused.message,
            '`headway report --help` lists the parameters of the built-in reports',
          );
        }
        const parts = [basename(path, '.md'), ...Object.values(parameters)].map((p) =>
          String(p).replaceAll(/[^A-Za-z0-9._-]+/g, '-'),
        );
        const out = resolve(flags.out ?? join(data.reportsPath, `${parts.join('-')}.html`));
        mkdirSync(dirname(out), { recursive: true });
        writeFileSync(out, html);
        say(title);
        process.stdout.write(`${out}\n`);
        for (const e of errors) say(`block ${e.block} (line ${e.line}): ${e.message}`);
        if (flags.pdf) await writePdf(out);
        if (errors.length > 0) process.exitCode = 1;
      });
    });
}

function parameterLine({ name, help, default: usual }: Report['parameters'][number]): string {
  const left =
    usual === undefined
      ? 'required'
      : `default: ${typeof usual === 'object' ? 'chosen from the data' : usual}`;
  return `    ${name.padEnd(15)} ${help ?? ''} (${left})`;
}

async function writePdf(html: string): Promise<void> {
  const { htmlToPdf } = await import('#analytics/notebooks/html-to-pdf.ts');
  const pdf = await htmlToPdf(html, `${html.replace(/\.html?$/, '')}.pdf`);
  if (pdf.written) process.stdout.write(`${pdf.path}\n`);
  else throw new OperatorFault('could not write the PDF', pdf.because, pdf.hint, 3);
}

function parametersOf(flags: ReportFlags): Record<string, string> {
  const { from, to, corridor, site } = flags;
  const given = Object.entries({ from, to, corridor, site }).filter(([, v]) => v !== undefined);
  const set = (flags.set ?? []).map((text): [string, string] => {
    const at = text.indexOf('=');
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new OperatorFault(`--set ${text} is no parameter`, 'it has no =', 'as in --set slow_share=0.5');
  });
  return Object.fromEntries([...(given as [string, string][]), ...set]);
}
