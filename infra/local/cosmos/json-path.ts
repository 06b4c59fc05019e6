/** A place in a document: property names and array indices. */
export type Path = readonly (string | number)[];

/** The SQL expression of the value at `path`. Indexes only serve a query that writes it in exactly these letters. */
export function jsonValue(path: Path): string {
  if (path.length === 1 && path[0] === 'id') return 'id';
  if (path.length === 1 && path[0] === '_ts') return 'ts';
  return `json_extract(body, ${jsonPath(path)})`;
}

/** The SQL expression of its type: 'text', 'integer', 'real', 'true', 'false', 'null', 'object', 'array', or NULL. */
export function jsonType(path: Path): string {
  if (path.length === 1 && path[0] === 'id') return "'text'";
  if (path.length === 1 && path[0] === '_ts') return "'integer'";
  return `json_type(body, ${jsonPath(path)})`;
}

function jsonPath(path: Path): string {
  const text = path.map((name) => (typeof name === 'number' ? `[${name}]` : `."${name}"`)).join('');
  return `'$${text.replaceAll("'", "''")}'`;
}
