import { OperatorFault } from '../config.ts';

/** Aborts on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interrupted(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort(
      new OperatorFault(
        'interrupted',
        'what was acknowledged is kept',
        'run the same command again: nothing is counted twice',
        3,
      ),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}
