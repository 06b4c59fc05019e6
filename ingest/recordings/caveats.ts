/** A defect or a choice, by name: how often, and the first few places. */
export interface NamedCount {
  name: string;
  count: number;
  /** A sentence for the person who relies on the figures. */
  detail: string;
  examples: string[];
}

export interface Caveats {
  add(name: string, detail: string, example: string, count?: number): void;
  list(): NamedCount[];
  /** An independent copy to go on counting with. */
  copy(): Caveats;
}

const MOST_EXAMPLES = 5;

/** Counts caveats by name; the first detail of a name stands for all. */
export function caveatCounter(start: readonly NamedCount[] = []): Caveats {
  const counts = new Map(start.map((c) => [c.name, { ...c, examples: [...c.examples] }]));
  const list = () => [...counts.values()].map((c) => ({ ...c, examples: [...c.examples] }));
  return {
    add: (name, detail, example, count = 1) => {
      let known = counts.get(name);
      if (!known) {
        known = { name, count: 0, detail, examples: [] };
        counts.set(name, known);
      }
      known.count += count;
      if (known.examples.length < MOST_EXAMPLES) known.examples.push(example);
    },
    list,
    copy: () => caveatCounter(list()),
  };
}
