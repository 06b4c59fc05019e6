import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { expect, type TestContext, test } from 'vitest';
import { startApi } from '#apps/api/start-api.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { MINUTE_MS } from '#domain/instant.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { key, reading, sendAs, testCity, testConfig } from '../cli/test-city.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** A page of a real browser, and everything that went wrong on it. */
async function browserPage(context: TestContext): Promise<{ page: Page; faults: string[] }> {
  if (!executablePath) context.skip('needs Chromium (Debian: apt-get install chromium)');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath: executablePath!, args });
  context.onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('request', (asked) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:|file:)/.test(asked.url())) faults.push(`asked for ${asked.url()}`);
  });
  return { page, faults };
}

test('the page shows an operator the sum, the sensors and the reports, and a report opens', async (context) => {
  const { page, faults } = await browserPage(context);
  const data = await testCity(context);
  await data.registry.change([
    {
      kind: 'device',
      id: 'loop-1',
      validFrom: ALWAYS,
      body: { deviceId: 'loop-1', domain: 'live', role: 'sensor', key },
    },
    {
      kind: 'installation',
      id: 'loop-1',
      validFrom: ALWAYS,
      body: { deviceId: 'loop-1', siteId: '12', periodS: 60 },
    },
  ]);
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  context.onTestFinished(async () => {
    await api.close();
    await pipeline.stop();
  });
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  await sendAs('loop-1', key, pipeline.gateway.port, [
    Array.from({ length: 60 }, (_, i) => reading(now, i - 60)),
  ]);
  await pipeline.processed();
  await mkdir(data.reportsPath, { recursive: true });
  await writeFile(
    join(data.reportsPath, 'weekly-x.html'),
    '<!doctype html><title>How it moved</title><h1>How it moved</h1>',
  );

  await page.goto(api.url);
  expect(await page.textContent('h1')).toContain(data.city()!.name);
  await expect.poll(async () => await page.textContent('body')).toMatch(/60 received = 60 counted/);
  expect(await page.textContent('body')).toContain('loop-1');
  await page.getByRole('link', { name: 'How it moved' }).click();
  expect(await page.textContent('h1')).toBe('How it moved');
  expect(faults).toEqual([]);
});
