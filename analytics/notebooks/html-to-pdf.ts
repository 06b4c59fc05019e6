import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
const PRINT_TIMEOUT_MS = 90_000;

export type PdfOutcome = { written: true; path: string } | { written: false; because: string; hint: string };

/** Prints a page with Chromium, from the variable CHROMIUM or the PATH. A missing browser is an answer, not an error. */
export async function htmlToPdf(
  htmlPath: string,
  pdfPath: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<PdfOutcome> {
  const browser = await findChromium(environment);
  if (browser === undefined) {
    return {
      written: false,
      because: environment.CHROMIUM
        ? `there is no browser at CHROMIUM=${environment.CHROMIUM}`
        : 'no Chromium on the PATH',
      hint: 'apt install chromium, or set CHROMIUM to its path; the HTML file prints as well from any browser',
    };
  }
  const profile = await mkdtemp(join(tmpdir(), 'headway-print-'));
  const path = resolve(pdfPath);
  try {
    await rm(path, { force: true });
    await promisify(execFile)(
      browser,
      [
        '--headless',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        `--user-data-dir=${profile}`,
        '--no-pdf-header-footer',
        `--print-to-pdf=${path}`,
        pathToFileURL(resolve(htmlPath)).href,
      ],
      { timeout: PRINT_TIMEOUT_MS, maxBuffer: 1 << 20 },
    );
    await stat(path);
    return { written: true, path };
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string };
    return {
      written: false,
      because: killed
        ? `${browser} did not finish within ${PRINT_TIMEOUT_MS / 1_000} s`
        : `${browser} could not print: ${(stderr || (error as Error).message).trim().split('\n').at(-1)}`,
      hint: 'open the HTML file in a browser and print it there',
    };
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function findChromium(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = (environment.PATH ?? '').split(delimiter).filter((f) => f !== '');
  const candidates = environment.CHROMIUM
    ? [environment.CHROMIUM]
    : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const candidate of candidates) {
    const there = await access(candidate).then(
      () => true,
      () => false,
    );
    if (there) return candidate;
  }
  return undefined;
}
