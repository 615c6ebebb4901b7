import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../worker/turns.ts';

describe('turns', () => {
  it('lets one run go on in each turn of the event loop, in order', async () => {
    const turn = createTurns();
    const seen: string[] = [];
    const run = async (name: string): Promise<void> => {
      for (let slice = 1; slice <= 2; slice += 1) {
        await turn();
        seen.push(`${name}${slice}`);
      }
    };
    let turns = 0;
    const count = (): void => {
      turns += 1;
      seen.push('|');
      if (turns < 5) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all([run('a'), run('b')]);
    expect(seen.join(' ')).toBe('| a1 | b1 | a2 | b2');
  });
});
