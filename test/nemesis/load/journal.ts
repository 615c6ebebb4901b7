/** Everything that the clients were answered, kept for the checker. Times are Date.now(). */
import type { RunStatus } from '../../../lib/db/runs/row.ts';

/** When a request was sent and when its answer had come (or the connection had broken). */
export interface Timed {
  sentAt: number;
  answeredAt: number;
}

/** One answer to a request to start a run; of a batch, that to one item. */
export interface StartRecord extends Timed {
  /** The run's label `request`, by which also a request is found that got no run id. */
  label: string;
  orgId: string;
  kind: string;
  /** It has an idempotency key: then several records may have its label. */
  keyed: boolean;
  replayed: boolean;
  /** 0: the connection broke, or nothing was answered in time. */
  status: number;
  code: string | null;
  runId: string | null;
  version: number | null;
}

interface RerunRecord extends Timed {
  sourceId: string;
  status: number;
  code: string | null;
  runId: string | null;
}

interface CancelRecord extends Timed {
  runId: string;
  status: number;
  /** Of the run in the answer. */
  runStatus: RunStatus | null;
}

/** One GET of a run. Those of one run were sent one after the other. */
export interface LookRecord extends Timed {
  runId: string;
  status: number;
  runStatus: RunStatus | null;
  attemptCount: number | null;
}

interface PublishRecord extends Timed {
  workflowId: string;
  /** null: not known whether it was published. */
  version: number | null;
}

/** An answer that another org's key got. */
interface IntrusionRecord {
  what: string;
  status: number;
}

interface AnswerRecord {
  request: string;
  status: number;
  code: string | null;
}

export interface Journal {
  starts: StartRecord[];
  reruns: RerunRecord[];
  cancels: CancelRecord[];
  looks: LookRecord[];
  publishes: PublishRecord[];
  intrusions: IntrusionRecord[];
  /** Every answer of every kind. */
  answers: AnswerRecord[];
  /** What a client was told that no client may be told. */
  problems: string[];
}

export const createJournal = (): Journal => ({
  starts: [],
  reruns: [],
  cancels: [],
  looks: [],
  publishes: [],
  intrusions: [],
  answers: [],
  problems: [],
});
