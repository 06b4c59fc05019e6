import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listReports } from '#analytics/notebooks/reports.ts';

it('no report marks up what an expression gives, which is shown as it is, asterisks and all', async () => {
  for (const { name, path } of await listReports()) {
    const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    expect(
      expressionsOf(text).filter((expression) => expression.includes('**')),
      name,
    ).toEqual([]);
  }
});

/** What stands between `${` and its own `}`. */
function expressionsOf(text: string): string[] {
  const found: string[] = [];
  for (let from = text.indexOf('${'); from >= 0; from = text.indexOf('${', from + 1)) {
    let depth = 1;
    let to = from + 2;
    for (; depth > 0 && to < text.length; to++) depth += text[to] === '{' ? 1 : text[to] === '}' ? -1 : 0;
    found.push(text.slice(from + 2, to - 1));
    from = to - 1;
  }
  return found;
}
