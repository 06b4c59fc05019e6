import { defined, numberOf, type Properties } from './properties.ts';

/** A property of a zone for each group of people: `people_over65`. */
const GROUP = /^people_(.+)$/;

/** What a census says of a zone. A group whose number can not be one is left out by itself, named. */
export function zonePeopleOf(properties: Properties): { facts: Record<string, unknown>; faults: string[] } {
  const population = numberOf(properties, 'population');
  const people: Record<string, number> = {};
  const faults: string[] = [];
  for (const property of Object.keys(properties)) {
    const group = GROUP.exec(property)?.[1];
    const number = group === undefined ? undefined : numberOf(properties, property);
    if (group === undefined || number === undefined) continue;
    const fault = faultOf(group, number, population);
    if (fault === undefined) people[group] = number as number;
    else faults.push(`${property}, ${JSON.stringify(number)}: ${fault}`);
  }
  const some = Object.keys(people).length > 0;
  return {
    facts: defined({
      population,
      deprivation: numberOf(properties, 'deprivation'),
      people: some ? people : undefined,
    }),
    faults,
  };
}

function faultOf(group: string, people: unknown, population: unknown): string | undefined {
  // Measures call everybody so.
  if (group === 'all') return 'all is everybody, no group';
  if (typeof people !== 'number' || !Number.isFinite(people) || people < 0) return 'is no number of people';
  if (typeof population === 'number' && population >= 0 && people > population)
    return `is more than the population, ${population}`;
  return undefined;
}
