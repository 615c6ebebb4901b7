import { expect, it } from 'vitest';
import type { Config } from '../../../lib/config.ts';
import type { Sql } from '../../../lib/db/client.ts';
import { DatabaseTimeout } from '../../../lib/db/failure.ts';
import { writeFenced } from '../../../worker/fenced-write.ts';

/** Writes with these answers, in order; whether each was sent alone, and what became of the write. */
async function written(answers: readonly (number | Error)[], giveUp = new AbortController().signal) {
  const alone: boolean[] = [];
  const outcome = writeFenced<number>({
    // Not asked: every write here is either answered or fails.
    sql: undefined as unknown as Sql,
    config: { databaseTimeoutMs: 1000 } as Config,
    fence: { runId: 'r', lease: 1, timelineCount: 0, timelineDropped: 0 },
    async send(isAlone) {
      alone.push(isAlone);
      const answer = answers[alone.length - 1] ?? 0;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    landed: () => null,
    giveUp,
  });
  return { outcome: await outcome.catch((error: unknown) => error), alone };
}

it('a write goes with others at first, and alone when it is repeated', async () => {
  const away = new DatabaseTimeout(true);
  expect(await written([away, away, 7])).toEqual({ outcome: 7, alone: [false, true, true] });
});

it('a write that can never be done is not repeated', async () => {
  const bad = new Error('bad data');
  expect(await written([bad])).toEqual({ outcome: bad, alone: [false] });
});

it('a write whose process goes down is not repeated', async () => {
  const gone = await written([new DatabaseTimeout(true)], AbortSignal.abort());
  expect(gone).toEqual({ outcome: null, alone: [false] });
});
