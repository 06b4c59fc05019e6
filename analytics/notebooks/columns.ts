import { escapeHtml, fmt } from './format.ts';
import type { ResultColumn } from './result.ts';

/** How one column is shown. */
export interface ShownColumn {
  name: string;
  title: string;
  /** Shown under the title; '' for none. */
  unit: string;
  digits: number | undefined;
  /** 'share' is shown as per cent. */
  form: 'number' | 'share' | 'text' | 'day' | 'moment' | 'clock';
  /** Draw the number as a bar behind the cell; its full length is the column's largest value. */
  bar: boolean;
}

/** The unit a name carries: `mean_speed_kmh` is Mean speed in km/h. Longest ending first. */
const endings: readonly [ending: string, unit: string, digits: number][] = [
  ['_veh_h', 'veh/h', 0],
  ['_veh_km', 'veh-km', 0],
  ['_veh_day', 'veh/day', 0],
  ['_kmh', 'km/h', 0],
  ['_km', 'km', 1],
  ['_min', 'min', 1],
  ['_ms', 'ms', 0],
  ['_s', 's', 0],
  ['_h', 'h', 1],
  ['_share', '%', 0],
];

const digitsOfUnit: Readonly<Record<string, number>> = Object.fromEntries(endings.map(([, u, d]) => [u, d]));

/** What an author may say about a column: a title, or more. */
export type ColumnWish =
  | string
  | {
      title?: string;
      unit?: string;
      digits?: number;
      bar?: boolean;
      form?: ShownColumn['form'];
      /** An expression: without it the column is left out. */
      if?: string;
    };

export function shownColumn(
  column: ResultColumn,
  wish: ColumnWish | undefined,
  sample: unknown,
): ShownColumn {
  const asked = typeof wish === 'string' ? { title: wish } : (wish ?? {});
  const ending = endings.find(([e]) => column.name.endsWith(e));
  const bare = ending ? column.name.slice(0, -ending[0].length) : column.name;
  const isShare = column.unit === 'share' || column.unit === '%' || (!column.unit && ending?.[1] === '%');
  const unit = asked.unit ?? (isShare ? '' : (column.unit ?? ending?.[1] ?? ''));
  return {
    name: column.name,
    title: asked.title ?? column.title ?? fmt.sentence(bare.replaceAll('_', ' ')),
    unit,
    digits: asked.digits ?? digitsOfUnit[unit] ?? (ending && !isShare ? ending[2] : undefined),
    form: asked.form ?? formOf(column, isShare, sample),
    bar: asked.bar ?? false,
  };
}

function formOf(column: ResultColumn, isShare: boolean, sample: unknown): ShownColumn['form'] {
  if (sample instanceof Date) {
    if (column.type.startsWith('TIMESTAMP WITH')) return 'moment';
    return column.type === 'DATE' ? 'day' : 'clock';
  }
  if (typeof sample === 'number') return isShare ? 'share' : 'number';
  return 'text';
}

/** The cell's text, escaped. `localTime` turns a true moment into the city's wall clock. */
export function cellText(column: ShownColumn, value: unknown, localTime: (moment: Date) => Date): string {
  if (value === null || value === undefined) return '–';
  if (value instanceof Date) {
    const wall = column.form === 'moment' ? localTime(value) : value;
    return column.form === 'day' ? fmt.shortDay(wall) : `${fmt.shortDay(wall)} ${fmt.time(wall)}`;
  }
  if (typeof value === 'number') {
    if (column.form === 'share') return fmt.percent(value, column.digits);
    return fmt.number(value, column.digits ?? (Number.isInteger(value) ? 0 : 1));
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return escapeHtml(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

export function isNumeric(column: ShownColumn): boolean {
  return column.form === 'number' || column.form === 'share';
}
