/** Rows of a DuckDB query, chunk by chunk, as arrays in the order of its columns. */
export async function* queryRows<Row extends readonly unknown[]>(sql: string): AsyncGenerator<Row> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  try {
    const connection = await instance.connect();
    try {
      const result = await connection.stream(sql);
      for (
        let chunk = await result.fetchChunk();
        chunk && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        yield* chunk.getRows() as unknown as Row[];
      }
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
