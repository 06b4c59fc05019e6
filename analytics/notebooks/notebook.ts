import { type Options, readInfo, readYamlOptions, splitOptions } from './block-options.ts';
import { blockName, type FrontMatter, readFrontMatter } from './front-matter.ts';

/** An `if`: of a `::: if=` section, its `::: else`, or one block. Evaluated once, where it stands. */
export interface Condition {
  expression: string;
  line: number;
  negated: boolean;
}

interface Place {
  /** Line in the file, from 1. */
  line: number;
  /** All must hold. */
  conditions: Condition[];
}

export type BlockType = 'sql' | 'measure' | 'plot' | 'table' | 'tiles';

export interface Block extends Place {
  type: BlockType;
  name: string;
  options: Options;
  /** SQL or JavaScript; empty for the blocks that are all options. */
  code: string;
  /** Why the block can not be used as it stands. */
  broken?: string;
}

export interface Text extends Place {
  type: 'text';
  text: string;
}

/** `::: note` ... `:::` around other cells. */
export interface Frame extends Place {
  type: 'open' | 'close';
  name: string;
}

export type Cell = Block | Text | Frame;

export interface Notebook {
  meta: FrontMatter;
  cells: Cell[];
}

const blockTypes: readonly string[] = ['sql', 'measure', 'plot', 'table', 'tiles'] satisfies BlockType[];

/** @throws Error with a line number where the notebook's outline can not be read; a broken block is a value. */
export function parseNotebook(source: string): Notebook {
  const { meta, body, bodyLine } = readFrontMatter(source);
  const lines = body.split('\n');
  const cells: Cell[] = [];
  const open: ({ type: 'if'; condition: Condition } | { type: 'frame'; name: string; line: number })[] = [];
  let text: string[] = [];
  let unnamed = 0;

  const conditions = (): Condition[] => open.flatMap((o) => (o.type === 'if' ? [o.condition] : []));
  const flush = (nextLine: number) => {
    if (text.some((l) => l.trim() !== '')) {
      cells.push({
        type: 'text',
        text: text.join('\n'),
        line: nextLine - text.length,
        conditions: conditions(),
      });
    }
    text = [];
  };

  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const at = bodyLine + i + 1;
    const fence = /^(`{3,})(\w*)[ \t]*(.*)$/.exec(line);
    if (fence) {
      const [, ticks, language, info] = fence;
      const end = lines.findIndex((l, n) => n > i && l.startsWith(ticks!) && l.trim() === ticks);
      if (end < 0) throw new Error(`line ${at}: the ${language || 'code'} block is never closed`);
      if (blockTypes.includes(language!)) {
        flush(at);
        const code = lines.slice(i + 1, end).join('\n');
        cells.push(readBlock(language as BlockType, info!, code, at, conditions(), () => ++unnamed));
      } else {
        text.push(...lines.slice(i, end + 1));
      }
      i = end;
      continue;
    }
    const container = /^:::[ \t]*(.*?)[ \t]*$/.exec(line);
    if (!container) {
      text.push(line);
      continue;
    }
    flush(at);
    const words = container[1]!;
    if (words === '') {
      const closed = open.pop();
      if (!closed) throw new Error(`line ${at}: ::: closes nothing`);
      if (closed.type === 'frame') {
        cells.push({ type: 'close', name: closed.name, line: at, conditions: conditions() });
      }
    } else if (words === 'else') {
      const before = open.pop();
      if (before?.type !== 'if') throw new Error(`line ${at}: ::: else without ::: if`);
      open.push({ type: 'if', condition: { ...before.condition, negated: true } });
    } else if (words.startsWith('if')) {
      const expression = words.replace(/^if\s*=?\s*/, '').replace(/^"(.*)"$/, '$1');
      open.push({ type: 'if', condition: { expression, line: at, negated: false } });
    } else {
      open.push({ type: 'frame', name: words, line: at });
      cells.push({ type: 'open', name: words, line: at, conditions: conditions() });
    }
  }
  flush(bodyLine + lines.length + 1);
  if (open.length > 0) throw new Error('a ::: section is never closed');
  return { meta, cells };
}

function readBlock(
  type: BlockType,
  info: string,
  body: string,
  line: number,
  around: Condition[],
  count: () => number,
): Block {
  const head = readInfo(info);
  let options: Options = head;
  let code = '';
  let broken: string | undefined;
  try {
    const inside =
      type === 'sql' || type === 'plot'
        ? splitOptions(body)
        : { options: readYamlOptions(body, type === 'measure' ? 'failsafe' : 'core'), code: '' };
    options = { ...head, ...inside.options };
    code = inside.code;
  } catch (error) {
    broken = (error as Error).message;
  }
  const name = typeof options.name === 'string' ? options.name : `${type}_${count()}`;
  if (!blockName.test(name)) broken ??= `${name} is no name; use letters, digits and _`;
  const conditions =
    typeof options.if === 'string' ? [...around, { expression: options.if, line, negated: false }] : around;
  return { type, name, options, code, line, conditions, ...(broken === undefined ? {} : { broken }) };
}
