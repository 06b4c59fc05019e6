import { escapeHtml } from './format.ts';

/** What went wrong in one block: shown where the block stands, and reported. */
export interface BlockFailure {
  /** `front matter`, `text`, or the block's name. */
  block: string;
  line: number;
  message: string;
}

export function failureBox({ block, line, message }: BlockFailure): string {
  const where = line > 0 ? ` (line ${line})` : '';
  return `<div class="failed" role="alert"><p><strong>Block ${escapeHtml(block)}${where} failed.</strong></p><pre>${escapeHtml(message)}</pre></div>`;
}
