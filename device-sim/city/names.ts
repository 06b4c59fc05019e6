import type { Random } from '../random.ts';

const beginnings = [
  'Alder',
  'Birk',
  'Corn',
  'Dun',
  'Elm',
  'Fenn',
  'Gorse',
  'Hazel',
  'Ivel',
  'Kell',
  'Lark',
  'Marl',
];
const moreBeginnings = [
  'Nether',
  'Oat',
  'Pell',
  'Quern',
  'Rook',
  'Sedge',
  'Thorn',
  'Umber',
  'Wether',
  'Yarrow',
];
const endings = [
  'beck',
  'bridge',
  'cross',
  'dale',
  'field',
  'gate',
  'holt',
  'mere',
  'moor',
  'stead',
  'wick',
  'worth',
];

/** Invented place names, none twice. */
export function placeNames(random: Random): () => string {
  const starts = [...beginnings, ...moreBeginnings];
  const all = random.shuffle(starts.flatMap((start) => endings.map((end) => start + end)));
  let used = 0;
  return () => {
    const round = Math.floor(used / all.length);
    const name = all[used++ % all.length]!;
    return round === 0 ? name : `${name} ${round + 1}`;
  };
}
