import type { SQLInputValue } from 'node:sqlite';
import { notImplemented } from '../answer.ts';
import { jsonType, jsonValue, type Path } from '../json-path.ts';
import type { Comparison, Condition, Scalar } from './query.ts';

export interface SqlPart {
  sql: string;
  values: SQLInputValue[];
}

const never: SqlPart = { sql: '0', values: [] };

/** `keyPath`: of the partition key, when it is a single one; equality on it is answered by the index of names. */
export function conditionSql(condition: Condition, keyPath: Path | undefined): SqlPart {
  switch (condition.kind) {
    case 'constant':
      return { sql: condition.value ? '1' : '0', values: [] };
    case 'and':
    case 'or': {
      const parts = condition.terms.map((term) => conditionSql(term, keyPath));
      return {
        sql: `(${parts.map(({ sql }) => sql).join(condition.kind === 'and' ? ' AND ' : ' OR ')})`,
        values: parts.flatMap(({ values }) => values),
      };
    }
    case 'defined':
      return { sql: `${jsonType(condition.path)} IS NOT NULL`, values: [] };
    case 'in':
      return inSql(condition.path, condition.values, keyPath);
    case 'compare':
      if (condition.operator === '=') return inSql(condition.path, [condition.value], keyPath);
      return rangeSql(condition.path, condition.operator, condition.value);
  }
}

/** A value equals only one of its own type, so each type is looked for by itself. */
function inSql(path: Path, wanted: readonly Scalar[], keyPath: Path | undefined): SqlPart {
  checkPath(path);
  if (keyPath !== undefined && JSON.stringify(path) === JSON.stringify(keyPath)) {
    const keys = wanted.filter((value) => value !== undefined).map((value) => `[${JSON.stringify(value)}]`);
    return keys.length === 0 ? never : { sql: `pk IN (${keys.map(() => '?').join()})`, values: keys };
  }
  const parts: SqlPart[] = [];
  const strings = wanted.filter((value) => typeof value === 'string');
  if (strings.length > 0) {
    parts.push({
      sql: `(${jsonValue(path)} IN (${strings.map(() => '?').join()}) AND ${jsonType(path)} = 'text')`,
      values: strings,
    });
  }
  const numbers = wanted.filter((value) => typeof value === 'number');
  if (numbers.length > 0) {
    parts.push({
      sql: `(${jsonValue(path)} IN (${numbers.map(() => '?').join()}) AND ${jsonType(path)} IN ('integer', 'real'))`,
      values: numbers,
    });
  }
  for (const value of [true, false, null]) {
    if (wanted.includes(value)) parts.push({ sql: `${jsonType(path)} = '${value}'`, values: [] });
  }
  if (parts.length === 0) return never;
  return {
    sql: `(${parts.map(({ sql }) => sql).join(' OR ')})`,
    values: parts.flatMap(({ values }) => values),
  };
}

/** SQLite puts numbers before texts: the bound on the other side keeps an index to the one type. */
function rangeSql(path: Path, operator: Comparison, value: Scalar): SqlPart {
  checkPath(path);
  const x = jsonValue(path);
  const upwards = operator.startsWith('>');
  switch (typeof value) {
    case 'string': {
      const other = upwards ? '' : ` AND ${x} >= ''`;
      return { sql: `(${x} ${operator} ?${other} AND ${jsonType(path)} = 'text')`, values: [value] };
    }
    case 'number': {
      const other = upwards ? ` AND ${x} < ''` : '';
      return {
        sql: `(${x} ${operator} ?${other} AND ${jsonType(path)} IN ('integer', 'real'))`,
        values: [value],
      };
    }
    case 'undefined':
      return never;
    default:
      return notImplemented(`${operator} with ${value === null ? 'null' : typeof value}`);
  }
}

export function checkPath(path: Path): void {
  if (path.length === 0) notImplemented('the whole document in a condition or an order');
  if (['_rid', '_self', '_etag', '_attachments'].includes(String(path[0]))) {
    notImplemented(`${path[0]} in a condition or an order`);
  }
}
