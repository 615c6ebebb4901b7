/** A worker under a load of short runs, with nothing else wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { startLoad } from '../../support/load.ts';
import { withWorkerStack } from '../../support/worker-stack.ts';

it('every run is executed once: none is taken for lost, fenced or given its job again', async () => {
  // Few connections and frequent looks at what is held: the narrowest place for a claim under way.
  const env = { WORKFLOW_LEASE_MS: '500', DATABASE_POOL_MAX: '3' };
  await withWorkerStack({ env }, async (stack) => {
    const { effects, org } = stack;
    const id = await org.publish(workflow(callStep(effects.endpoint('one', { delayMs: 20 })), gathered));
    await stack.startWorker();
    const load = startLoad({
      perSecond: 400,
      maxInFlight: 60,
      start: (request) => org.start(id, { labels: { request } }),
    });
    await sleep(5000);
    const samples = await load.stop();
    expect(samples.filter(({ status }) => status !== 201)).toEqual([]);
    const runs = samples.map(({ runId }) => String(runId));
    expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
    console.info(`${runs.length} runs in 5 s`);
    expect(effects.effects.filter(({ call }) => call > 1)).toEqual([]);
    expect(stack.events('workflow_run_fenced')).toEqual([]);
    // A young row may be given its job by the search and the API alike; a run that was begun may not.
    expect(stack.events('workflow_run_requeued').filter((line) => line['reason'] !== 'job_missing')).toEqual(
      [],
    );
    await stack.expectInvariants();
  });
});
