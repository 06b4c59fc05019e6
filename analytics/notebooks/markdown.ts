import markdownIt from 'markdown-it';
import { splitTemplate } from './template.ts';

const markdown = markdownIt({ html: false, linkify: false, typographer: true, quotes: '“”‘’' });

/** Private-use characters that Markdown leaves alone stand for the values until it is done. */
const OPEN = '\uE000';
const CLOSE = '\uE001';

/** Markdown with its `${...}` filled in by `value`, which gives HTML. Data never becomes markup. */
export function renderMarkdown(text: string, value: (expression: string) => string): string {
  const { marked, values } = withMarks(text, value);
  return putBack(markdown.render(marked), values);
}

/** The same for one line, without a paragraph around it. */
export function renderInline(text: string, value: (expression: string) => string): string {
  const { marked, values } = withMarks(text, value);
  return putBack(markdown.renderInline(marked), values);
}

function withMarks(
  text: string,
  value: (expression: string) => string,
): { marked: string; values: string[] } {
  const values: string[] = [];
  let marked = '';
  for (const piece of splitTemplate(text)) {
    if ('text' in piece) {
      marked += piece.text.replaceAll(OPEN, '').replaceAll(CLOSE, '');
      continue;
    }
    const html = value(piece.expression);
    // Nothing where nothing is said, so that an empty value leaves no mark to typeset around.
    if (html !== '') marked += `${OPEN}${values.push(html) - 1}${CLOSE}`;
  }
  return { marked, values };
}

function putBack(html: string, values: readonly string[]): string {
  return html.replace(new RegExp(`${OPEN}(\\d+)${CLOSE}`, 'g'), (_, n) => values[Number(n)]!);
}

/** The same for plain text, such as an alt text: not escaped. */
export function fillText(text: string, value: (expression: string) => unknown): string {
  return splitTemplate(text)
    .map((piece) => ('text' in piece ? piece.text : String(value(piece.expression) ?? '')))
    .join('');
}
