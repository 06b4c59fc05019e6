export type Piece = { text: string } | { expression: string };

/** Splits text at its `${...}`; `\${` stands for itself. Braces and quotes inside an expression may nest. */
export function splitTemplate(text: string): Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  for (let i = 0; i < text.length; ) {
    if (text.startsWith('\\${', i)) {
      plain += '${';
      i += 3;
    } else if (text.startsWith('${', i)) {
      const end = endOfExpression(text, i + 2);
      if (end < 0) {
        plain += text.slice(i);
        break;
      }
      if (plain !== '') pieces.push({ text: plain });
      plain = '';
      pieces.push({ expression: text.slice(i + 2, end) });
      i = end + 1;
    } else {
      plain += text[i++];
    }
  }
  if (plain !== '') pieces.push({ text: plain });
  return pieces;
}

/** Index of the brace that closes the expression beginning at `from`, or -1. */
function endOfExpression(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (c === '{') depth++;
    else if (c === '}' && depth-- === 0) return i;
    else if (c === '"' || c === "'" || c === '`') {
      i = endOfString(text, i);
      if (i < 0) return -1;
    }
  }
  return -1;
}

function endOfString(text: string, from: number): number {
  const quote = text[from]!;
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i;
    else if (quote === '`' && text.startsWith('${', i)) {
      i = endOfExpression(text, i + 2);
      if (i < 0) return -1;
    }
  }
  return -1;
}
