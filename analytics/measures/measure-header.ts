import { type Need, needNames } from './needs.ts';

export type ParameterType = 'varchar' | 'integer' | 'double' | 'timestamptz' | 'varchar[]';
export type ParameterValue = string | number | readonly string[] | null;

export interface ParameterSpec {
  name: string;
  type: ParameterType;
  default: ParameterValue;
  /** The values it may have; empty where any of its type will do. */
  oneOf: readonly ParameterValue[];
  meaning: string;
}

export interface ColumnSpec {
  name: string;
  /** '' where it has none: a name, a number of things, a share. */
  unit: string;
  meaning: string;
}

/** A field the data must have. */
export interface NeedSpec {
  need: Need;
  /** The corridor's every site must have it, not only some. */
  atEverySite: boolean;
  /** Of a corridor: any will do, none need be asked for. */
  ofAny: boolean;
  /** Only when all these parameters have these values. */
  when: { parameter: string; value: ParameterValue }[];
}

export interface MeasureHeader {
  title: string;
  question: string;
  version: number;
  source: string;
  needs: NeedSpec[];
  parameters: ParameterSpec[];
  columns: ColumnSpec[];
  caveats: string[];
}

/**
 * Reads the comment lines a measure's file begins with: `-- key: value`, fields within a value parted by ` | `.
 * @throws Error that names the line: a measure with a bad header is our bug.
 */
export function parseMeasureHeader(name: string, sql: string): MeasureHeader {
  const lines: [string, string][] = [];
  for (const line of sql.split('\n')) {
    if (!line.startsWith('--')) break;
    const m = /^-- ([a-z]+): (.+)$/.exec(line);
    if (!m) throw new Error(`${name}.sql: "${line}" is not "-- key: value"`);
    lines.push([m[1]!, m[2]!.trim()]);
  }
  const all = (key: string) => lines.filter(([k]) => k === key).map(([, value]) => value);
  const one = (key: string) => {
    const found = all(key);
    if (found.length !== 1) throw new Error(`${name}.sql has ${found.length} lines "-- ${key}:", not one`);
    return found[0]!;
  };
  const version = Number(one('version'));
  if (!Number.isInteger(version) || version < 1) throw new Error(`${name}.sql: version is 1, 2, 3 ...`);
  return {
    title: one('title'),
    question: one('question'),
    version,
    source: one('source'),
    needs: one('needs')
      .split(', ')
      .map((text) => parseNeed(name, text)),
    parameters: all('parameter').map((text) => parseParameter(name, text)),
    columns: all('column').map((text) => parseColumn(name, text)),
    caveats: all('caveat'),
  };
}

const types: readonly string[] = ['varchar', 'integer', 'double', 'timestamptz', 'varchar[]'];

function parseParameter(measure: string, text: string): ParameterSpec {
  const [name, type, fallback, choice, meaning] = text.split('|').map((part) => part.trim());
  if (!name || !type || !types.includes(type) || fallback === undefined || !meaning) {
    throw new Error(`${measure}.sql: "${text}" is not "name | type | default | one of a, b | meaning"`);
  }
  const literal = (written: string): ParameterValue => {
    if (written === 'none') return null;
    return type === 'integer' || type === 'double' ? Number(written) : written;
  };
  return {
    name,
    type: type as ParameterType,
    default: literal(fallback),
    oneOf: choice
      ? choice
          .replace(/^one of /, '')
          .split(', ')
          .map(literal)
      : [],
    meaning,
  };
}

function parseColumn(measure: string, text: string): ColumnSpec {
  const [name, unit, meaning] = text.split('|').map((part) => part.trim());
  if (!name || unit === undefined || !meaning) {
    throw new Error(`${measure}.sql: "${text}" is not "name | unit | meaning"`);
  }
  return { name, unit, meaning };
}

function parseNeed(measure: string, text: string): NeedSpec {
  const [what, condition] = text.split(' when ');
  const atEverySite = what!.endsWith(' at every site');
  const ofAny = what!.endsWith(' of any');
  const need = what!.replace(/ at every site$| of any$/, '');
  if (!(needNames as readonly string[]).includes(need)) {
    throw new Error(`${measure}.sql needs "${need}"; there are ${needNames.join(', ')}`);
  }
  const when = (condition?.split(' and ') ?? []).map((equation) => {
    const [parameter, value] = equation.split('=');
    return { parameter: parameter!, value: value === 'none' ? null : value! };
  });
  return { need: need as Need, atEverySite, ofAny, when };
}
