/** A progress line on stderr, where a terminal is there to see it. */
export interface Progress {
  update(done: number, note?: string): void;
  end(): void;
}

const WIDTH = 28;
const EVERY_MS = 100;

export function progress(what: string, total: number | undefined): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, end: () => {} };
  const started = Date.now();
  let last = 0;
  return {
    update: (done, note = '') => {
      const now = Date.now();
      if (now - last < EVERY_MS) return;
      last = now;
      const rate = Math.round((done / Math.max(1, now - started)) * 1_000).toLocaleString('en-GB');
      const share = total ? Math.min(1, done / total) : undefined;
      const bar =
        share === undefined
          ? ''
          : `[${'='.repeat(Math.round(share * WIDTH)).padEnd(WIDTH)}] ${Math.round(share * 100)} % `;
      const left =
        share && share > 0.02 && share < 1
          ? `, ${Math.ceil((((now - started) / share) * (1 - share)) / 1_000)} s left`
          : '';
      process.stderr.write(
        `\r\x1b[2K${what} ${bar}${done.toLocaleString('en-GB')} (${rate}/s${left}) ${note}`,
      );
    },
    end: () => process.stderr.write('\r\x1b[2K'),
  };
}
