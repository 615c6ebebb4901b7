/** Gives the event loop back between the slices of runs that compute: one slice a turn, whatever their number. */

/**
 * @returns resolves in a later turn of the event loop; of many who wait, one in each turn, in order. With
 * `setImmediate` alone all of them would go on in the same turn, and heartbeats would wait for the sum.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];

  function next(): void {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
