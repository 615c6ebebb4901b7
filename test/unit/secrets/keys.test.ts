import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseSecretsKeys } from '../../../lib/secrets/keys.ts';

const KEY_A = Buffer.alloc(32, 1).toString('base64');
const KEY_B = Buffer.alloc(32, 2);

const problemsOf = (text: string): string[] => {
  const parsed = parseSecretsKeys(text);
  return parsed.ok ? [] : parsed.problems;
};

describe('VESPID_SECRETS_KEY', () => {
  it('is a list of keys in order; base64 and base64url, padded or not', () => {
    const parsed = parseSecretsKeys(`2026-01:${KEY_A}, old_1:${KEY_B.toString('base64url')},`);
    if (!parsed.ok) throw new Error(parsed.problems.join());
    expect(parsed.keys.map(({ id }) => id)).toEqual(['2026-01', 'old_1']);
    expect(parsed.keys[1]?.key.export()).toEqual(KEY_B);
  });

  it('shows no key when it is logged', () => {
    const text = inspect(parseSecretsKeys(`a:${KEY_A}`), { depth: 9, showHidden: true });
    expect(text).not.toContain(KEY_A);
    expect(text).not.toContain(Buffer.from(KEY_A, 'base64').toString('hex'));
  });

  it('is refused with every problem by its entry, and without anything that was written', () => {
    const short = Buffer.alloc(16, 3).toString('base64');
    const problems = problemsOf(
      [KEY_A, `bad id!:${KEY_A}`, `a:${short}`, `b:${KEY_A}`, `b:${short}x`, `c:${KEY_A}`].join(','),
    );
    expect(problems).toEqual([
      'entry 1 must be keyId:base64',
      'entry 2 must have a key id of 1 to 64 letters, digits, "_" or "-" before the colon',
      'entry 3 must have 32 bytes in base64 after the colon (openssl rand -base64 32)',
      'entry 5 must have 32 bytes in base64 after the colon (openssl rand -base64 32)',
      'entry 6 repeats the key of an earlier entry',
    ]);
  });

  it('may not use an id twice, nor be a list of nothing', () => {
    expect(problemsOf(`a:${KEY_A},a:${KEY_B.toString('base64')}`)).toEqual([
      'entry 2 repeats the key id of an earlier entry',
    ]);
    expect(problemsOf(' , ')).toEqual(['must name at least one key, as keyId:base64']);
  });
});
