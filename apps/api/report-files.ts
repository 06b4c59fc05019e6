import { type FileHandle, open, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Instant } from '#domain/instant.ts';

export interface ReportFile {
  name: string;
  title: string;
  url: string;
  bytes: number;
  writtenAt: Instant;
}

export interface ServedReport {
  body: Uint8Array<ArrayBuffer>;
  type: string;
  /** What the file may do in a browser: nothing but be looked at. */
  policy: string;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.pdf': 'application/pdf',
  '.csv': 'text/csv; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

const TITLE_BYTES = 4_096;
const MOST_LISTED = 200;

/** Reports are the files that lie in the folder itself: no links, nothing below, no hidden ones, known types. */
export function reportFiles(directory: string) {
  const titles = new Map<string, string>();

  const names = async (): Promise<string[]> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((e) => e.isFile() && !e.name.startsWith('.') && extname(e.name) in types)
      .map((e) => e.name);
  };

  const describe = async (name: string): Promise<ReportFile | undefined> => {
    const file = await open(join(directory, name)).catch(() => undefined);
    if (!file) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      const key = `${name}/${mtimeMs}`;
      const title = titles.get(key) ?? (extname(name) === '.html' ? await titleOf(file) : undefined) ?? name;
      if (titles.size > 5 * MOST_LISTED) titles.clear();
      titles.set(key, title);
      return { name, title, url: `/reports/${encodeURIComponent(name)}`, bytes: size, writtenAt: mtimeMs };
    } finally {
      await file.close();
    }
  };

  return {
    /** The newest first. */
    list: async (): Promise<ReportFile[]> => {
      const found = await Promise.all((await names()).map(describe));
      return found
        .filter((f) => f !== undefined)
        .sort((a, b) => b.writtenAt - a.writtenAt)
        .slice(0, MOST_LISTED);
    },
    /** `undefined` for what is no report, whatever its name tries. */
    serve: async (name: string): Promise<ServedReport | undefined> => {
      if (!(await names()).includes(name)) return undefined;
      const file = await open(join(directory, name)).catch(() => undefined);
      if (!file) return undefined;
      try {
        const type = types[extname(name)]!;
        // Chromium shows no PDF in a sandbox.
        const sandbox = extname(name) === '.pdf' ? '' : '; sandbox allow-popups';
        const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:${sandbox}`;
        return { body: new Uint8Array(await file.readFile()), type, policy };
      } finally {
        await file.close();
      }
    },
  };
}

export type ReportFiles = ReturnType<typeof reportFiles>;

async function titleOf(file: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TITLE_BYTES), 0, TITLE_BYTES, 0);
  const title = /<title>([^<]{1,200})<\/title>/.exec(buffer.toString('utf8', 0, bytesRead))?.[1];
  return title?.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!).trim();
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
