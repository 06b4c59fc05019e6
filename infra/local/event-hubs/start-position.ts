import type { Sender } from 'rhea';
import { type Refusal, refusal } from './amqp-error.ts';
import type { Start } from './hub-partition.ts';
import { positionOfOffset } from './stored-event.ts';

const FILTER = 'apache.org:selector-filter:string';
const expression = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time) (>=|>) '([^']*)'$/;

/** Where a consumer wants to start, by the filter on its link's source. Without one: with the oldest event. */
export function startOf(link: Sender): Start | Refusal {
  const filter: unknown = link.source?.filter?.[FILTER];
  if (filter === undefined || filter === null) return { after: 'position', position: -1 };
  const text = String((filter as { value?: unknown }).value ?? filter);
  const [, field, operator, value = ''] = expression.exec(text) ?? [];
  const inclusive = operator === '>=' ? 1 : 0;
  if (field === 'offset' && value === '@latest') return { after: 'latest' };
  const position = field === 'offset' ? (value === '-1' ? -1 : positionOfOffset(value)) : wholeNumber(value);
  if (field === undefined || position === undefined)
    return refusal('com.microsoft:argument-error', `The filter '${text}' is no start position.`);
  if (field === 'enqueued-time') return { after: 'enqueued', time: position - inclusive };
  return { after: 'position', position: Math.max(-1, position - inclusive) };
}

function wholeNumber(text: string): number | undefined {
  return /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
}
