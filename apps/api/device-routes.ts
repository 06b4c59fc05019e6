import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import type { DeviceOffice } from '#domain/devices/device-hub.ts';
import { isFault, type JsonObject } from '#domain/devices/twin.ts';
import { carriesToken } from '../api-token.ts';

/** Twins, methods and messages of the devices of a running pipeline, for those who carry its token. */
export function deviceRoutes(
  app: Hono,
  parts: {
    devices: DeviceOffice;
    isLiveSensor: (deviceId: string) => Promise<boolean>;
    token: string;
  },
): void {
  const { devices } = parts;

  app.use('/api/devices/:id/*', bodyLimit({ maxSize: 256 * 1024 }), async (c, next) => {
    if (!carriesToken(c.req.header('authorization'), parts.token))
      return c.json({ error: 'not allowed' }, 401);
    if (!(await parts.isLiveSensor(c.req.param('id') ?? '')))
      return c.json({ error: `there is no live sensor ${c.req.param('id')}` }, 404);
    await next();
  });

  app.get('/api/devices/:id/twin', async (c) => c.json(await devices.twin(c.req.param('id'))));

  app.patch('/api/devices/:id/twin', async (c) => {
    const asked = await bodyOf(c, twinPatch);
    if (asked instanceof Response) return asked;
    const changes = Object.fromEntries(Object.entries(asked).filter(([, part]) => part !== undefined));
    const after = await devices.changeTwin(c.req.param('id'), { type: 'patch', ...changes });
    return isFault(after) ? c.json({ error: after.detail }, 400) : c.json(after);
  });

  app.post('/api/devices/:id/methods', async (c) => {
    const asked = await bodyOf(c, methodCall);
    if (asked instanceof Response) return asked;
    const { method, payload, responseTimeoutMs, connectTimeoutMs } = asked;
    const call = { method, payload: payload as JsonObject, responseTimeoutMs, connectTimeoutMs };
    return c.json(await devices.callMethod(c.req.param('id'), call));
  });

  app.post('/api/devices/:id/messages', async (c) => {
    const asked = await bodyOf(c, message);
    if (asked instanceof Response) return asked;
    const { text, properties, ttlMs } = asked;
    const sent = await devices.send(c.req.param('id'), { body: Buffer.from(text), properties, ttlMs });
    return c.json({ sent });
  });
}

const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;
const twinPatch = z.strictObject({ desired: jsonObject.optional(), tags: jsonObject.optional() });
const methodCall = z.strictObject({
  method: z.string().min(1).max(100),
  payload: z.json().optional(),
  responseTimeoutMs: z.int().min(1).max(120_000),
  connectTimeoutMs: z.int().min(0).max(120_000),
});
const message = z.strictObject({
  text: z.string(),
  properties: z.record(z.string(), z.string()),
  ttlMs: z
    .int()
    .min(1)
    .max(2 * 86_400_000),
});

async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  const asked = schema.safeParse(await c.req.json().catch(() => undefined));
  return asked.success ? asked.data : c.json({ error: z.prettifyError(asked.error) }, 400);
}
