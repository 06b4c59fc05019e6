import { parse } from 'yaml';

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
 * Leading `--| key: value` (SQL) or `//| key: value` (JavaScript) lines of a block, read together as YAML; and the
 * block without them.
 * @throws Error where they are no YAML mapping.
 */
export function splitOptions(body: string): { options: Options; code: string } {
  const lines = body.split('\n');
  let n = 0;
  while (n < lines.length && /^\s*(--|\/\/)\|/.test(lines[n]!)) n++;
  const yaml = lines.slice(0, n).map((line) => line.replace(/^\s*(--|\/\/)\| ?/, ''));
  return { options: readYamlOptions(yaml.join('\n')), code: lines.slice(n).join('\n') };
}

/** @throws Error where the text is no YAML mapping. */
export function readYamlOptions(yaml: string): Options {
  const read: unknown = yaml.trim() === '' ? {} : parse(yaml);
  if (read === null || typeof read !== 'object' || Array.isArray(read)) {
    throw new Error('options must be "key: value" lines');
  }
  return read as Options;
}
