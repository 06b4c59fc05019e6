import * as z from 'zod';
import { readYamlOptions } from './block-options.ts';

const parameterTypes = ['date', 'corridor', 'site', 'route', 'stop', 'number', 'text'] as const;

/** A name that is good in SQL (`$name`), in JavaScript and on the command line (`--name`). */
export const blockName = /^[a-z_][a-z0-9_]*$/i;

const parameter = z.strictObject({
  name: z.string().regex(blockName, 'letters, digits and _'),
  type: z.enum(parameterTypes),
  /** A value; for dates also `today - 7 days`, `data-end`, `to - 7 days`; or `{ sql: SELECT ... }`. */
  default: z.union([z.string(), z.number(), z.strictObject({ sql: z.string() })]).optional(),
  help: z.string().optional(),
});

const schema = z.strictObject({
  title: z.string().min(1),
  description: z.string().optional(),
  /** Small line over the title. */
  kicker: z.string().optional(),
  lang: z.string().default('en-GB'),
  /** What must be worked out for the period first: 'nights' are verdicts and imputed values. */
  needs: z.array(z.enum(['nights'])).default([]),
  parameters: z.array(parameter).default([]),
});

export type ParameterSpec = z.infer<typeof parameter>;
export type FrontMatter = z.infer<typeof schema>;

/**
 * Splits a notebook into its front matter and the rest, `bodyLine` lines further down.
 * @throws Error that names the field, for front matter that can not be read.
 */
export function readFrontMatter(source: string): { meta: FrontMatter; body: string; bodyLine: number } {
  const text = source.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const found = /^---\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(text);
  if (!found) throw new Error('no front matter; a notebook starts with --- and a title:');
  const meta = schema.safeParse(readYamlOptions(found[1]!));
  if (!meta.success) throw new Error(z.prettifyError(meta.error));
  const names = meta.data.parameters.map((p) => p.name);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice) throw new Error(`parameter ${twice} is declared twice`);
  return {
    meta: meta.data,
    body: text.slice(found[0].length),
    bodyLine: found[0].split('\n').length - 1,
  };
}
