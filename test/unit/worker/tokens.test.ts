import { describe, expect, it } from 'vitest';
import { createTokens } from '../../../worker/tokens.ts';

describe('tokens of a worker', () => {
  const clock = { ms: 0 };
  const now = (): number => clock.ms;

  it('are of one org and end at their time', () => {
    const tokens = createTokens();
    const mine = tokens.of('a', now);
    clock.ms = 0;
    mine.set('key', 'token', 100);
    expect(tokens.of('b', now).get('key')).toBeNull();
    clock.ms = 99;
    expect(tokens.of('a', now).get('key')).toBe('token');
    clock.ms = 100;
    expect(mine.get('key')).toBeNull();
  });

  it('can be taken back and replaced', () => {
    const mine = createTokens().of('a', () => 0);
    mine.set('key', 'first', 1);
    mine.set('key', 'second', 1);
    expect(mine.get('key')).toBe('second');
    mine.delete('key');
    expect(mine.get('key')).toBeNull();
  });

  it('are bounded in number: those unused for longest go first', () => {
    const mine = createTokens(3).of('a', () => 0);
    for (const key of ['1', '2', '3']) mine.set(key, 't', 1);
    mine.get('1');
    mine.set('4', 't', 1);
    expect(['1', '2', '3', '4'].filter((key) => mine.get(key) !== null)).toEqual(['1', '3', '4']);
  });

  it('are bounded in size, also after replacements', () => {
    const mine = createTokens(100, 10).of('a', () => 0);
    for (let count = 0; count < 50; count += 1) mine.set('same', 'xxxx', 1);
    mine.set('other', 'xxxx', 1);
    expect([mine.get('same'), mine.get('other')]).toEqual(['xxxx', 'xxxx']);
    mine.set('third', 'xxxx', 1);
    expect([mine.get('same'), mine.get('other'), mine.get('third')]).toEqual([null, 'xxxx', 'xxxx']);
    mine.set('huge', 'x'.repeat(11), 1);
    expect(['other', 'third', 'huge'].map((key) => mine.get(key))).toEqual([null, null, null]);
  });
});
