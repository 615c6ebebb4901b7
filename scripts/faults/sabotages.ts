/** The protections of which the suite has to notice that they are missing. */
import type { Sabotage } from './sabotage.ts';

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'lease',
    what: 'the writes of an attempt are not fenced',
    breaks: '4',
    kinds: ['worker_pause'],
    patches: [
      {
        file: 'lib/db/runs/write.ts',
        // The numbering of the timeline alone would hold most late writes off.
        from: /THEN\s+r\.lease = n\.lease AND r\.timeline_count = n\.timeline_count AND r\.timeline_dropped = n\.timeline_dropped/g,
        to: 'THEN true',
      },
    ],
  },
  {
    name: 'take-back',
    what: 'the row of a refused start is not deleted (design, section 3, step 6)',
    breaks: '2',
    kinds: ['redis_pause', 'redis_full', 'redis_silent'],
    patches: [
      {
        file: 'lib/db/runs/insert.ts',
        from: /DELETE FROM workflow_runs(\s+WHERE id IN \([^`]*?NOT accepted)\s+RETURNING id/g,
        to: 'SELECT id FROM workflow_runs$1',
      },
    ],
  },
  {
    name: 'orphan-drop',
    what: 'a job whose row is gone is kept and looked at again and again',
    breaks: '11',
    kinds: ['redis_pause', 'redis_silent'],
    patches: [
      {
        file: 'worker/processor.ts',
        from: "deps.emit('workflow_run_orphaned', ref, { attemptCount: 0, durationMs: 0 });",
        to: "deps.emit('workflow_run_orphaned', ref, { attemptCount: 0, durationMs: 0 }); return { comeBackMs: COME_BACK_MS };",
      },
    ],
  },
  {
    name: 'reconciler',
    what: 'nobody looks for lost jobs and for runs of dead workers',
    breaks: '1',
    kinds: ['redis_flush', 'worker_kill'],
    patches: [
      { file: 'worker/reconciler.ts', from: 'await missingJobs.advance();', to: '' },
      { file: 'worker/reconciler.ts', from: /if \(heartbeat\.steadyMs\(\)[^;]+;/g, to: '' },
    ],
  },
  {
    name: 'checkpoint',
    what: 'results are not recorded before the next step begins',
    breaks: '5',
    kinds: ['worker_kill', 'worker_pause'],
    patches: [{ file: 'worker/attempt.ts', from: 'record: this.#recorder.record,', to: 'record: () => {},' }],
  },
];
