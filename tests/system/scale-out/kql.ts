export type LogRow = Record<string, unknown> & { TimeGenerated: Date };

type Row = Record<string, unknown>;

/**
 * Runs a query in as much of Kusto's language as the alert rules of infra/deploy use; whatever else it meets is an
 * error. Missing fields are null; `sum`, `max` and `min` leave nulls out, and without a row `count` is 0.
 */
export function runKql(query: string, tables: Record<string, readonly LogRow[]>): Row[] {
  const [table, ...steps] = query.split('|').map((step) => step.trim());
  const rows = tables[table!];
  if (!rows) throw new Error(`there is no table ${table}`);
  return steps.reduce<Row[]>((left, step) => apply(step, left), [...rows]);
}

function apply(step: string, rows: Row[]): Row[] {
  const [, operator, rest] = /^(\w+) ([\s\S]*)$/.exec(step) ?? [];
  if (operator === 'where') return rows.filter(condition(rest!));
  if (operator === 'extend') {
    const [, name, expression] = /^(\w+) = (.*)$/.exec(rest!)!;
    return rows.map((row) => ({ ...row, [name!]: value(expression!, row) }));
  }
  if (operator === 'distinct')
    return [...new Set(rows.map((r) => column(rest!, r)))].map((v) => ({ [rest!]: v }));
  if (operator === 'summarize') return summarize(rest!, rows);
  throw new Error(`no operator is known for: ${step}`);
}

function condition(text: string): (row: Row) => boolean {
  const starts = /^(\w+) startswith '([^']*)'$/.exec(text);
  if (starts)
    return (row) => String(column(starts[1]!, row)).toLowerCase().startsWith(starts[2]!.toLowerCase());
  const equal = /^(\w+) == '([^']*)'$/.exec(text);
  if (equal) return (row) => column(equal[1]!, row) === equal[2];
  const among = /^(\w+) in \(('[^']*'(?:, '[^']*')*)\)$/.exec(text);
  if (among) {
    const list = among[2]!.split(', ').map((quoted) => quoted.slice(1, -1));
    return (row) => list.includes(String(column(among[1]!, row)));
  }
  throw new Error(`no condition is known for: ${text}`);
}

function value(text: string, row: Row): unknown {
  const call = /^(parse_json|tostring|tolong)\(([\w.]+)\)$/.exec(text);
  if (!call) return path(text, row);
  const inner = path(call[2]!, row);
  if (call[1] === 'parse_json') return JSON.parse(String(inner));
  if (call[1] === 'tostring') return inner == null ? '' : String(inner);
  return typeof inner === 'number' ? Math.trunc(inner) : null;
}

function path(text: string, row: Row): unknown {
  const [first, ...fields] = text.split('.');
  return fields.reduce<unknown>((from, field) => (from as Row | null)?.[field] ?? null, column(first!, row));
}

function column(name: string, row: Row): unknown {
  if (!(name in row)) throw new Error(`there is no column ${name}`);
  return row[name];
}

function summarize(text: string, rows: Row[]): Row[] {
  const [, name, aggregate, expression, bin] =
    /^(\w+) = (\w+)\((.*?)\)(?: by bin\(TimeGenerated, (\d+)m\))?$/.exec(text) ?? [];
  if (!name) throw new Error(`no summary is known for: ${text}`);
  const groups = bin
    ? Map.groupBy(rows, (r) => Math.floor((r.TimeGenerated as Date).getTime() / (Number(bin) * 60_000)))
    : new Map([[0, rows]]);
  return [...groups.values()].map((group) => {
    const values = group
      .map((row) => (expression ? value(expression, row) : 1))
      .filter((v) => v !== null) as number[];
    return { [name]: aggregated(aggregate!, values) };
  });
}

function aggregated(aggregate: string, values: readonly number[]): number | null {
  if (aggregate === 'count') return values.length;
  if (aggregate === 'sum') return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0);
  if (aggregate === 'max') return values.length === 0 ? null : Math.max(...values);
  if (aggregate === 'min') return values.length === 0 ? null : Math.min(...values);
  throw new Error(`no aggregate is known as ${aggregate}`);
}
