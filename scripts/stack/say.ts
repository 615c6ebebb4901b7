/** What the scripts tell the person at the terminal. */

const QUIET_MS = 1000;
const REMIND_MS = 15_000;

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Runs one step; one that takes longer than a second is announced, and its end told with the time it took. */
export async function step<T>(what: string, action: () => Promise<T>): Promise<T> {
  const began = Date.now();
  let announced = false;
  const remind = (): void => {
    say(announced ? `  still ${what} (${seconds(began)})` : `  ${what} ...`);
    announced = true;
    timer = setTimeout(remind, REMIND_MS);
  };
  let timer = setTimeout(remind, QUIET_MS);
  try {
    const result = await action();
    if (announced) say(`  done ${what} (${seconds(began)})`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}
