/** Text that Postgres stores and cannot take apart again: a draft may have it, a version may not. */
import { describe, expect, it } from 'vitest';
import { characterProblem } from '../../../lib/dsl/characters.ts';

const withText = (text: string) => ({ do: [{ tell: { set: { inner: { text } } } }] });

describe('a definition that is to be published', () => {
  it.each(['a\0b', '\ud800', 'x\udc00'])('may not have the text %j, and is told where', (text) => {
    expect(characterProblem(withText(text))?.path).toBe('/do/0/tell/set/inner/text');
    expect(characterProblem({ do: [{ tell: { set: { [text]: 1 } } }] })?.path).toBe('/do/0/tell/set');
  });

  it('may have everything else', () => {
    expect(characterProblem(withText('\ud83d\ude00 \u0001 \uffff'))).toBeNull();
  });
});
