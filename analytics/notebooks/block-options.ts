import { parse } from 'yaml';
import { splitTemplate } from './template.ts';

export type Options = Record<string, unknown>;

/** `name=slow if="has.speed && days > 1" table` as an object; a bare word is true. */
export function readInfo(info: string): Options {
  const options: Options = {};
  const pair = /([\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)))?/g;
  for (const [, key, double, single, bare] of info.matchAll(pair)) {
    options[key!] = double?.replace(/\\(["\\])/g, '$1') ?? single ?? bare ?? true;
  }
  return options;
}

/**
 * Leading `--| key: value` (SQL) or `//| key: value` (JavaScript) lines of a block, and the block without them. A value
 * is the rest of its line as it stands, colons and all, and lines without a key continue it; one in quotes, brackets
 * or braces is YAML.
 */
export function splitOptions(body: string): { options: Options; code: string } {
  const lines = body.split('\n');
  const written: [key: string, value: string][] = [];
  let n = 0;
  for (; n < lines.length && /^\s*(--|\/\/)\|/.test(lines[n]!); n++) {
    const line = lines[n]!.replace(/^\s*(--|\/\/)\|\s*/, '').trimEnd();
    const pair = /^([\w-]+):(?:\s+(.*))?$/.exec(line);
    if (pair) written.push([pair[1]!, pair[2] ?? '']);
    else if (line !== '' && written.length > 0) written.at(-1)![1] += ` ${line}`;
    else if (line !== '') throw new Error(`"${line}" is no option; write key: value`);
  }
  const options = written.map(([key, value]) => [
    key,
    /^["'[{]/.test(value) ? readYamlOptions(`value: ${value}`).value : value,
  ]);
  return { options: Object.fromEntries(options), code: lines.slice(n).join('\n') };
}

/**
 * A `${...}` inside a value may hold what YAML would trip over: it is set aside while YAML is read. With `failsafe` every
 * value is text as it was written: 01 keeps its zero.
 * @throws Error where the text is no YAML mapping.
 */
export function readYamlOptions(yaml: string, schema: 'core' | 'failsafe' = 'core'): Options {
  const expressions: string[] = [];
  const marked = splitTemplate(yaml)
    .map((p) => ('text' in p ? p.text : `\uE000${expressions.push(p.expression) - 1}\uE001`))
    .join('');
  const read: unknown = marked.trim() === '' ? {} : parseYaml(marked, expressions, schema);
  if (read === null || typeof read !== 'object' || Array.isArray(read)) {
    throw new Error('options must be "key: value" lines');
  }
  return withExpressions(read, expressions) as Options;
}

function parseYaml(marked: string, expressions: readonly string[], schema: 'core' | 'failsafe'): unknown {
  try {
    return parse(marked, { schema });
  } catch (error) {
    const message = withExpressions((error as Error).message, expressions);
    throw new Error(`${message}\nText with a colon or a leading sign needs quotes.`);
  }
}

function withExpressions(value: unknown, expressions: readonly string[]): unknown {
  if (typeof value === 'string') {
    return value.replace(/\uE000(\d+)\uE001/g, (_, n) => `\${${expressions[Number(n)]}}`);
  }
  if (Array.isArray(value)) return value.map((v) => withExpressions(v, expressions));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withExpressions(v, expressions)]));
}
