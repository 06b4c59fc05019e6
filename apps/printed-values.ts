import {
  type DuckDBBlobValue,
  type DuckDBIntervalValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBTimestampTZValue,
  DuckDBTypeId,
  type DuckDBValueConverter,
  JSDuckDBValueConverter,
} from '@duckdb/node-api';

/**
 * A DuckDB value as a query prints it: instants RFC 3339 in UTC or 'infinity', wall clocks without an offset, dates
 * alone, maps as objects, bytes as text (those that are none escaped), integers beyond 2^53 as text.
 */
export const printedValue: DuckDBValueConverter<unknown> = (value, type, converter) => {
  if (value === null || value === undefined) return null;
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP_TZ:
      return instantText(value as DuckDBTimestampTZValue);
    case DuckDBTypeId.TIMESTAMP:
      return String(value).replace(' ', 'T');
    case DuckDBTypeId.DATE:
    case DuckDBTypeId.TIME:
      return String(value);
    case DuckDBTypeId.BLOB:
      return bytesText(value as DuckDBBlobValue);
    case DuckDBTypeId.INTERVAL:
      return (value as DuckDBIntervalValue).toString();
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const entries = (value as DuckDBMapValue).entries.map(({ key, value: held }) => [
        String(converter(key, keyType, converter)),
        converter(held, valueType, converter),
      ]);
      return Object.fromEntries(entries);
    }
    default:
      return JSDuckDBValueConverter(value, type, converter as never);
  }
};

function bytesText(value: DuckDBBlobValue): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(value.bytes);
  } catch {
    return String(value);
  }
}

function instantText({ micros }: DuckDBTimestampTZValue): string {
  const ms = Number(micros) / 1_000;
  if (Math.abs(ms) > 8.64e15) return ms > 0 ? 'infinity' : '-infinity';
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
