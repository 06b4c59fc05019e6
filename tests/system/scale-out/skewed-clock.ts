// To be imported before all else (`NODE_OPTIONS=--import=...`): this process's clock is CLOCK_SKEW_MS ahead of the true one.
const skewMs = Number(process.env.CLOCK_SKEW_MS);
const TrueDate = Date;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [TrueDate.now() + skewMs] : args, newTarget),
  apply: () => new TrueDate(TrueDate.now() + skewMs).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => TrueDate.now() + skewMs : Reflect.get(target, name, receiver),
});
