/** What the parts of the worker are given. */
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import type { WorkerIdentity } from '../lib/db/workers.ts';
import type { Egress } from '../lib/egress/index.ts';
import type { Producer } from '../lib/queue/producer.ts';
import type { Keyring } from '../lib/secrets/seal.ts';
import type { EmitRunEvent } from '../lib/telemetry/events.ts';
import type { Logger } from '../lib/telemetry/log.ts';
import type { Attempts } from './attempts.ts';
import type { Claims } from './claims.ts';
import type { DefinitionCache } from './definitions.ts';
import type { OrgSlots } from './org-slots.ts';
import type { Slots } from './slots.ts';
import type { Tokens } from './tokens.ts';
import type { Turn } from './turns.ts';
import type { Writes } from './writes.ts';

export interface WorkerDeps {
  config: Config;
  log: Logger;
  emit: EmitRunEvent;
  sql: Sql;
  /** Connections of their own for heartbeats and reconciler: slow writes of many runs must not look like a dead worker. */
  pulse: Sql;
  queue: Producer;
  /** Tells who watches the run that its row has changed. */
  hint(runId: string): void;
  egress: Egress;
  /** Opens secrets; null when the deployment has no key for them. */
  keyring: Keyring | null;
  tokens: Tokens;
  identity: WorkerIdentity;
  definitions: DefinitionCache;
  /** Of this release; expressions read it as $runtime.version. */
  version: string;
  /** The newest format that every live worker reads: progress is written in it. */
  format(): number;
  /** Shares the processor between the runs that compute. */
  turn: Turn;
  slots: Slots;
  /** Whose turn it is, and the orgs' limits of runs in flight. */
  orgSlots: OrgSlots;
  claims: Claims;
  writes: Writes;
  /** The attempts this process holds. */
  attempts: Attempts;
}
