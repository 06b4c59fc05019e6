/** Properties of a feature, or cells of a row, by name. */
export type Properties = Readonly<Record<string, unknown>>;

/** The value under the first of the names that has one: camelCase as in the registry, or snake_case. */
export function textOf(properties: Properties, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = properties[name] ?? properties[snakeCase(name)];
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}

/** A number, also where it is written as text; what is no number stays as it is, for the schema to refuse. */
export function numberOf(properties: Properties, ...names: readonly string[]): unknown {
  const text = textOf(properties, ...names);
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}

const KMH_PER_MPH = 1.609344;

/** `speedLimitKmh`, or OpenStreetMap's `maxspeed`: km/h unless it says mph. */
export function speedLimitKmhOf(properties: Properties): unknown {
  const stated = numberOf(properties, 'speedLimitKmh');
  if (stated !== undefined) return stated;
  const maxspeed = textOf(properties, 'maxspeed');
  const parts = maxspeed === undefined ? undefined : /^(\d+(?:\.\d+)?)\s*(mph|km\/h)?$/.exec(maxspeed);
  return parts ? Number(parts[1]) * (parts[2] === 'mph' ? KMH_PER_MPH : 1) : maxspeed;
}

/** The fields that sites and links share. */
export function roadFieldsOf(properties: Properties): Record<string, unknown> {
  return defined({
    name: textOf(properties, 'name'),
    road: textOf(properties, 'road', 'ref'),
    direction: textOf(properties, 'direction'),
    lanes: numberOf(properties, 'lanes'),
    speedLimitKmh: speedLimitKmhOf(properties),
    lengthKm: numberOf(properties, 'lengthKm'),
  });
}

export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
