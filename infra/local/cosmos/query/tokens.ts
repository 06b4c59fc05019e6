import { notImplemented, refuse } from '../answer.ts';

export interface Token {
  kind: 'word' | 'parameter' | 'string' | 'number' | 'sign' | 'end';
  text: string;
  /** Of a string or a number. */
  value?: string | number;
}

const pattern =
  /\s+|--[^\n]*|([A-Za-z_][A-Za-z0-9_]*)|(@[A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))|(<=|>=|!=|<>|\?\?|\|\||[()[\]{}.,*=<>+\-/%?:!&|^~])/y;

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) refuse(400, `Syntax error, incorrect syntax near '${text.slice(at, at + 20)}'.`);
    const [, word, parameter, quoted, number, sign] = match;
    if (word !== undefined) found.push({ kind: 'word', text: word });
    else if (parameter !== undefined) found.push({ kind: 'parameter', text: parameter });
    else if (quoted !== undefined) found.push({ kind: 'string', text: quoted, value: unquoted(quoted) });
    else if (number !== undefined) found.push({ kind: 'number', text: number, value: Number(number) });
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign });
  }
  found.push({ kind: 'end', text: 'the end of the query' });
  return found;
}

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(u([0-9a-fA-F]{4})|.)/g, (_, all: string, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (all === 'u') notImplemented('string escape \\u without four digits');
    return escapes[all] ?? all;
  });
}
