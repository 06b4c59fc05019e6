/** A seeded stream of random numbers: the same seed, the same numbers, on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform in 0 .. n - 1. */
  int(n: number): number;
  pick<T>(list: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(list: readonly T[]): T[];
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by `noise` of the seed and the stream's name. */
export function seededRandom(seed: number, stream: string): Random {
  const name = nameHash(stream);
  let a = noise(seed, name, 1);
  let b = noise(seed, name, 2);
  let c = noise(seed, name, 3);
  let counter = 1;
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  const next = () => word() / 4_294_967_296;
  const int = (n: number) => Math.floor(next() * n);
  return {
    next,
    int,
    between: (low, high) => low + next() * (high - low),
    pick: (list) => list[int(list.length)]!,
    shuffle: (list) => {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
  };
}

/**
 * 32 random bits that depend on nothing but their three integers: what happens to sensor `stream` in minute
 * `index` is the same wherever a simulation starts. Mixing steps of MurmurHash3 (Austin Appleby).
 */
export function noise(seed: number, stream: number, index: number): number {
  let h = (seed | 0) ^ Math.imul(stream | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = (h ^ (h >>> 13)) + Math.imul(index | 0, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The bits of `noise` as a uniform number in [0, 1). */
export function uniform(bits: number): number {
  return bits / 4_294_967_296;
}

/** The bits of `noise` as a number of mean 0 and standard deviation 1, never beyond 2.45 (two uniforms added). */
export function bell(bits: number): number {
  return (((bits & 0xffff) + (bits >>> 16)) / 65_535 - 1) * 2.449_489_742_783_178;
}

/** Names a stream of `noise`: FNV-1a over UTF-16 code units. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
