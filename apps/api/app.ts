import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import type { DeviceOffice } from '#domain/devices/device-hub.ts';
import { carriesToken } from '../api-token.ts';
import { deadLetterReasons } from '../dead-letters.ts';
import type { ReadmissionPlan } from '../readmit.ts';
import type { CityAnswers } from './answers.ts';
import { deviceRoutes } from './device-routes.ts';
import { prometheusMetrics } from './metrics.ts';
import { overviewPage } from './overview-page.ts';
import { pagePolicy } from './page.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { ReportFiles } from './report-files.ts';
import { sensorStates } from './sensor-state.ts';
import { SENSORS_A_PAGE, sensorsPage } from './sensors-page.ts';

export interface ApiParts {
  city: () => { name: string; timezone: string };
  answers: CityAnswers;
  reports: ReportFiles;
  pipeline: () => Promise<PipelineState>;
  /** First positions kept, by partition. */
  starts: () => Promise<number[]>;
  /** Appends the orders; resolves with where the log then ends. */
  readmit: (plan: ReadmissionPlan) => Promise<number[]>;
  /** Undefined where the door is another process's. */
  devices: DeviceOffice | undefined;
  /** A sensor of the live city, now. */
  isLiveSensor: (deviceId: string) => Promise<boolean>;
  token: string;
  /** Only these Host names are answered; undefined: any. */
  hostNames: ReadonlySet<string> | undefined;
}

const WORST_SHOWN = 25;

export function apiApp(parts: ApiParts): Hono {
  const { answers, reports } = parts;
  const app = new Hono();
  const metrics = prometheusMetrics(async () => {
    const [pipeline, overview, feeds] = await Promise.all([
      parts.pipeline(),
      answers.overview(),
      answers.feeds(),
    ]);
    return { pipeline, overview, feeds };
  });

  // A page elsewhere that resolves its own name to this machine is not answered.
  app.use(async (c, next) => {
    const { hostname } = new URL(c.req.url);
    if (parts.hostNames && !parts.hostNames.has(hostname)) return c.text('no such host here\n', 421);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cache-Control', 'no-store');
    await next();
  });

  app.get('/', async (c) => {
    const [pipeline, overview, worst, files, transit, feeds] = await Promise.all([
      parts.pipeline(),
      answers.quickOverview(),
      answers.sensors({ offset: 0, limit: WORST_SHOWN }),
      reports.list(),
      answers.transit(),
      answers.feeds(),
    ]);
    return page(
      c,
      overviewPage({ city: parts.city(), pipeline, overview, worst, reports: files, transit, feeds }),
    );
  });

  app.get('/sensors', async (c) => {
    const state = sensorStates.find((s) => s === c.req.query('state'));
    const text = c.req.query('q')?.slice(0, 100) || undefined;
    const number = Math.min(10_000, Math.max(1, Math.trunc(Number(c.req.query('page') ?? 1)) || 1));
    const offset = (number - 1) * SENSORS_A_PAGE;
    const found = await answers.sensors({ state, text, offset, limit: SENSORS_A_PAGE });
    return page(c, sensorsPage({ city: parts.city(), found, state, text, number }));
  });

  app.get('/reports/:name', async (c) => {
    const report = await reports.serve(c.req.param('name'));
    if (!report) return c.text('no such report\n', 404);
    c.header('Content-Security-Policy', report.policy);
    return c.body(report.body, 200, { 'Content-Type': report.type });
  });

  app.get('/api/ledger', async (c) => {
    const { ledger, refusedAtDoor } = await answers.overview();
    const { asOf, sum, deadLetters, hours } = ledger;
    return c.json({ asOf, ...sum, deadLetters, refusedAtDoor, hours });
  });
  app.get('/api/devices', async (c) =>
    c.body(await answers.sensorsJson(), 200, { 'Content-Type': 'application/json' }),
  );
  app.get('/api/pipeline', async (c) => c.json(await parts.pipeline()));
  app.get('/api/transit', async (c) => c.json(await answers.transit()));
  app.get('/api/feeds', async (c) => c.json(await answers.feeds()));
  app.get('/api/reports', async (c) => c.json(await reports.list()));
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/metrics', async (c) =>
    c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );

  app.post('/api/readmissions', bodyLimit({ maxSize: 16_384 }), async (c) => {
    if (!carriesToken(c.req.header('authorization'), parts.token))
      return c.json({ error: 'not allowed' }, 401);
    const asked = selection.safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success) return c.json({ error: z.prettifyError(asked.error) }, 400);
    const plan = await answers.planReadmission(asked.data, await parts.starts());
    const ends = await parts.readmit(plan);
    return c.json({ readings: plan.readings, devices: plan.places.length, expired: plan.expired, ends }, 202);
  });

  const { devices, isLiveSensor, token } = parts;
  if (devices) deviceRoutes(app, { devices, isLiveSensor, token });

  app.onError((error, c) => c.text(`could not answer: ${error.message}\n`, 500));
  return app;
}

const selection = z.strictObject({
  reason: z.enum(deadLetterReasons as [string, ...string[]]).optional(),
  deviceId: z.string().min(1).max(128).optional(),
}) as unknown as z.ZodType<{ reason?: (typeof deadLetterReasons)[number]; deviceId?: string }>;

function page(c: Context, markup: string): Response {
  c.header('Content-Security-Policy', pagePolicy);
  return c.html(markup);
}
