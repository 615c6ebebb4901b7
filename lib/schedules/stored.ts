/** A schedule as its row keeps it. */
import { createHash } from 'node:crypto';
import type { Json } from '../engine/types.ts';
import { canonicalText } from '../tasks/events/canonical.ts';
import type { ReadAs } from '../tasks/events/data.ts';
import type { Schedule, Trigger } from './spec.ts';

/** The column `spec`. */
export interface StoredSpec {
  /** SHA-256 in hex of what decides when it fires: one that stays keeps its times. */
  digest: string;
  trigger: Trigger;
  catchUp: boolean;
  read: ReadAs;
}

/** What decides when a schedule fires, however it is written. */
function identityOf(trigger: Trigger): Json {
  switch (trigger.kind) {
    case 'every':
      return ['every', trigger.intervalMs];
    case 'after':
      return ['after', trigger.delayMs];
    case 'cron':
      return ['cron', trigger.cron, trigger.timeZone];
    case 'on':
      return ['on', trigger.on];
  }
}

export function toStored({ trigger, catchUp, read }: Schedule): StoredSpec {
  const digest = createHash('sha256')
    .update(canonicalText(identityOf(trigger)))
    .digest('hex');
  return { digest, trigger, catchUp, read };
}
