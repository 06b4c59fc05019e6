export type Scope = Readonly<Record<string, unknown>>;

/**
 * Runs a notebook's JavaScript: an expression, or a body that returns. Notebooks are programs of whoever wrote
 * them: they run with this process's rights.
 */
export function evaluate(code: string, scope: Scope): unknown {
  const names = Object.keys(scope);
  const run = compile(names, code);
  return run(...names.map((name) => scope[name]));
}

function compile(names: string[], code: string): (...values: unknown[]) => unknown {
  const expression = code.replace(/[;\s]+$/, '');
  try {
    return new Function(...names, `return (${expression}\n)`) as never;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new Function(...names, code) as never;
  }
}
