import { notImplemented, refuse } from '../answer.ts';
import type { Path } from '../json-path.ts';
import type { Aggregate, Comparison, Condition, Projection, Query, Scalar } from './query.ts';
import { type Token, tokens } from './tokens.ts';

/** The constructs that Cosmos DB knows and this endpoint does not: each is named in its refusal. */
const missing = new Set('JOIN GROUP DISTINCT NOT LIKE EXISTS ARRAY UDF RANK'.split(' '));

const comparisons = new Set(['=', '<', '<=', '>', '>=']);
const aggregates = new Set(['COUNT', 'MAX', 'MIN']);

/** Reads the part of Cosmos DB's SQL that Headway writes; all else is refused by its name. */
export function parseQuery(text: string, parameters: ReadonlyMap<string, unknown>): Query {
  const list = tokens(text);
  let at = 0;
  const peek = (): Token => list[at]!;
  const next = (): Token => list[at++]!;
  const upper = (token: Token) => (token.kind === 'word' ? token.text.toUpperCase() : '');
  const accept = (word: string): boolean => {
    const token = peek();
    if (token.text !== word && upper(token) !== word) return false;
    if (token.kind === 'string') return false;
    at++;
    return true;
  };
  const unexpected = (token: Token): never => {
    if (missing.has(upper(token))) notImplemented(`query construct ${upper(token)}`);
    refuse(400, `Syntax error, incorrect syntax near '${token.text}'.`);
  };
  const expect = (word: string): void => {
    if (!accept(word)) unexpected(peek());
  };
  const name = (): string => {
    const token = next();
    return token.kind === 'word' ? token.text : unexpected(token);
  };

  let alias: string | undefined;
  const path = (): Path => {
    const root = name();
    if (peek().text === '(' && peek().kind === 'sign') notImplemented(`query function ${root.toUpperCase()}`);
    const names: (string | number)[] = [];
    for (;;) {
      if (accept('.')) names.push(name());
      else if (accept('[')) {
        const token = next();
        if (token.value === undefined) unexpected(token);
        if (typeof token.value === 'string' && token.value.includes('"')) {
          notImplemented('a double quote in a property name');
        }
        names.push(token.value!);
        expect(']');
      } else break;
    }
    if (alias === undefined) roots.push(root);
    else if (root !== alias) refuse(400, `Identifier '${root}' could not be resolved.`);
    return names;
  };
  // SELECT stands before FROM: its roots are checked when the alias is known.
  const roots: string[] = [];

  const isScalar = (): boolean =>
    ['parameter', 'string', 'number'].includes(peek().kind) ||
    ['TRUE', 'FALSE', 'NULL', 'UNDEFINED'].includes(upper(peek()));
  const scalar = (): Scalar => {
    const token = next();
    if (token.kind === 'string' || token.kind === 'number') return token.value;
    if (token.kind === 'parameter') {
      if (!parameters.has(token.text)) refuse(400, `Parameter ${token.text} is not given.`);
      const value = parameters.get(token.text);
      if (typeof value === 'object' && value !== null) notImplemented('a list or an object as a parameter');
      return value as Scalar;
    }
    switch (upper(token)) {
      case 'TRUE':
        return true;
      case 'FALSE':
        return false;
      case 'NULL':
        return null;
      case 'UNDEFINED':
        return undefined;
      default:
        return unexpected(token);
    }
  };
  const count = (what: string): number => {
    const value = scalar();
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      refuse(400, `${what} must be a whole number, not negative.`);
    }
    return value;
  };

  const projection = (): Projection => {
    if (accept('*')) return { kind: 'all' };
    if (accept('VALUE')) {
      const word = upper(peek());
      if (aggregates.has(word) && list[at + 1]!.text === '(') {
        at += 2;
        const constant = isScalar();
        if (constant) scalar();
        const of = constant ? undefined : path();
        expect(')');
        return { kind: 'aggregate', aggregate: word as Aggregate, path: of?.length === 0 ? undefined : of };
      }
      if (word === 'AVG' || word === 'SUM') notImplemented(`query construct ${word}`);
      if (peek().kind !== 'word') notImplemented(`SELECT VALUE ${peek().text}`);
      const value = path();
      return value.length === 0 ? { kind: 'all' } : { kind: 'value', path: value };
    }
    const fields: { path: Path; name: string }[] = [];
    do {
      if (peek().kind !== 'word') notImplemented(`SELECT ${peek().text}`);
      if (aggregates.has(upper(peek())) && list[at + 1]!.text === '(') {
        notImplemented('an aggregate without VALUE');
      }
      if (missing.has(upper(peek()))) unexpected(peek());
      const from = path();
      const last = from.at(-1) ?? roots.at(-1)!;
      const alias = accept('AS') ? name() : undefined;
      fields.push({ path: from, name: alias ?? (typeof last === 'string' ? last : `$${fields.length + 1}`) });
    } while (accept(','));
    return { kind: 'fields', fields };
  };

  const flip: Record<string, Comparison> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
  const primary = (): Condition => {
    if (accept('(')) {
      const inner = either();
      expect(')');
      return inner;
    }
    if (upper(peek()) === 'IS_DEFINED') {
      at++;
      expect('(');
      const defined = path();
      expect(')');
      return { kind: 'defined', path: defined };
    }
    if (missing.has(upper(peek()))) unexpected(peek());
    if (isScalar()) {
      const value = scalar();
      const operator = peek().text;
      if (!comparisons.has(operator)) {
        if (typeof value === 'boolean') return { kind: 'constant', value };
        return operatorMissing(peek());
      }
      at++;
      if (isScalar()) notImplemented('a comparison of two constants');
      return { kind: 'compare', path: path(), operator: flip[operator]!, value };
    }
    const left = path();
    if (accept('IN')) {
      expect('(');
      const values: Scalar[] = [];
      do values.push(scalar());
      while (accept(','));
      expect(')');
      return { kind: 'in', path: left, values };
    }
    if (accept('BETWEEN')) {
      const low = scalar();
      expect('AND');
      const high = scalar();
      return {
        kind: 'and',
        terms: [
          { kind: 'compare', path: left, operator: '>=', value: low },
          { kind: 'compare', path: left, operator: '<=', value: high },
        ],
      };
    }
    const operator = peek();
    if (!comparisons.has(operator.text)) return operatorMissing(operator);
    at++;
    if (!isScalar()) {
      if (peek().kind !== 'word') unexpected(peek());
      notImplemented('a comparison of two properties');
    }
    return { kind: 'compare', path: left, operator: operator.text as Comparison, value: scalar() };
  };
  const operatorMissing = (token: Token): never => {
    if (token.kind === 'sign' && token.text !== ')' && token.text !== ',') {
      notImplemented(`query operator ${token.text}`);
    }
    if (token.kind === 'end') notImplemented('a property as a condition');
    return unexpected(token);
  };
  const both = (): Condition => {
    const terms = [primary()];
    while (accept('AND')) terms.push(primary());
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  };
  const either = (): Condition => {
    const terms = [both()];
    while (accept('OR')) terms.push(both());
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  };

  expect('SELECT');
  const top = accept('TOP') ? count('TOP') : undefined;
  const selected = projection();
  expect('FROM');
  const collection = name();
  if (accept('AS')) alias = name();
  else if (
    peek().kind === 'word' &&
    !['WHERE', 'ORDER', 'OFFSET', ...missing, 'IN'].includes(upper(peek()))
  ) {
    alias = name();
  } else alias = collection;
  if (upper(peek()) === 'IN') notImplemented('query construct IN after FROM');

  const where = accept('WHERE') ? either() : undefined;
  const orderBy: Query['orderBy'] = [];
  if (accept('ORDER')) {
    expect('BY');
    do {
      const by = path();
      const descending = accept('DESC');
      if (!descending) accept('ASC');
      orderBy.push({ path: by, descending });
    } while (accept(','));
  }
  let offset = 0;
  let limit = top;
  if (accept('OFFSET')) {
    offset = count('OFFSET');
    expect('LIMIT');
    limit = count('LIMIT');
    if (top !== undefined) refuse(400, 'TOP and OFFSET LIMIT can not stand together.');
  }
  if (peek().kind !== 'end') unexpected(peek());
  const stranger = roots.find((root) => root !== alias);
  if (stranger !== undefined) refuse(400, `Identifier '${stranger}' could not be resolved.`);
  return { projection: selected, where, orderBy, offset, limit, top };
}
