import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');

export interface Document {
  /** Below the root. */
  path: string;
  text: string;
}

/** Everything written for people to read. */
export function documents(): Document[] {
  return globSync(['README.md', 'docs/**/*.md', '*/**/README.md'], {
    cwd: root,
    exclude: (name) => name.includes('node_modules') || name.startsWith('.'),
  })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** One document; undefined until it is written. */
export function documentAt(path: string): Document | undefined {
  const full = join(root, path);
  return existsSync(full) ? { path, text: readFileSync(full, 'utf8') } : undefined;
}

/** Commands in blocks: fenced ones in `sh` or no language, and indented ones. Comments are cut, lines joined at `\`. */
export function blockCommands({ text }: Document): string[] {
  const lines: string[] = [];
  let fence: { mark: string; shell: boolean } | undefined;
  for (const line of text.split('\n')) {
    const opened = /^(`{3,})(\S*)/.exec(line);
    if (fence) {
      if (line.startsWith(fence.mark) && line.trim() === fence.mark) fence = undefined;
      else if (fence.shell) lines.push(line);
    } else if (opened) fence = { mark: opened[1]!, shell: ['', 'sh', 'bash'].includes(opened[2]!) };
    else if (/^ {4}\S/.test(line) || /^ {6}/.test(line)) lines.push(line.trim());
  }
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => /^(npx headway|headway|npm|node) /.test(line));
}

/** Commands named in the text, as `headway audit`. */
export function inlineCommands({ text }: Document): string[] {
  const prose = text.replaceAll(/^(`{3,}).*?^\1$/gms, '');
  return [...prose.matchAll(/`((?:npx )?headway [^`]+|npm (?:run |start|test)[^`]*)`/g)].map((m) =>
    m[1]!.replaceAll(/\s+/g, ' '),
  );
}

/** A command line's words; quotes hold them together. */
export function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
}

/** Relative links of a document, as paths below the root. */
export function linkedPaths({ path, text }: Document): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((m) => m[1]!)
    .filter((link) => !/^(https?:|mailto:|#)/.test(link))
    .map((link) => relative(root, resolve(root, dirname(path), link.replace(/#.*$/, ''))));
}

/** Rows of the Markdown tables of a document, cell by cell. */
export function tableRows({ text }: Document): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-\s|:]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backticks. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((m) => m[1]!);
}
