import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';

const folder = resolve(import.meta.dirname, '../reports');

export interface Report {
  /** What `headway report NAME` takes. */
  name: string;
  path: string;
  /** What kind of report it is, in words: titles name the place that a report is about. */
  kind: string;
  description: string;
  parameters: FrontMatter['parameters'];
}

/** The built-in reports, by name. */
export async function listReports(): Promise<Report[]> {
  const files = (await readdir(folder)).filter((f) => f.endsWith('.md')).sort();
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const { meta } = readFrontMatter(await readFile(path, 'utf8'));
      return {
        name: file.slice(0, -3),
        path,
        kind: meta.kicker ?? meta.title,
        description: meta.description ?? '',
        parameters: meta.parameters,
      };
    }),
  );
}
