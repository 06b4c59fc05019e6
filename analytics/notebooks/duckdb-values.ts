import { type DuckDBValueConverter, JSDuckDBValueConverter } from '@duckdb/node-api';

/** A value as JavaScript in a notebook has it: BIGINT, HUGEINT and DECIMAL are numbers, all times are Dates. */
export type Value = unknown;
export type Row = Record<string, Value>;

/**
 * TIMESTAMP and DATE become a Date whose UTC fields are the wall clock; TIMESTAMPTZ the true moment; infinite times
 * null. Integers beyond 2^53 lose their last digits.
 */
export const notebookValues: DuckDBValueConverter<Value> = (value, type, converter) => {
  try {
    const converted = JSDuckDBValueConverter(
      value,
      type,
      converter as typeof JSDuckDBValueConverter,
    ) as Value;
    return typeof converted === 'bigint' ? Number(converted) : converted;
  } catch (error) {
    if ((error as Error).message.includes('out of range for JS Date')) return null;
    throw error;
  }
};
