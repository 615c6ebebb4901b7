/** How an example of the specification is run: what it is given, what it calls, and what is to come out. */
import type { ChildState, CloudEvent, Json } from '../../../../lib/engine/types.ts';
import type { StandIn } from '../stand-ins.ts';

export interface ExampleRun {
  input?: Json;
  secrets?: { [name: string]: Json };
  standIns?: StandIn[];
  /** How the runs end that the example starts, in the order of their starts. */
  children?: ChildState[];
  /** Events that arrive, one each time the run waits. */
  events?: CloudEvent[];
  /** What comes out: exactly this output, or an error with at least these members. */
  output?: Json;
  error?: { [member: string]: Json };
  /** What was sent, in order; headers and bodies only where they are given. */
  requests?: SentRequest[];
  /** The runs that were started, as far as they are given. */
  started?: { [member: string]: Json }[];
  /** What was emitted, as far as it is given. */
  emitted?: CloudEvent[];
  /** How long it takes by its own clock; 0 when absent. */
  tookMs?: number;
}

export interface SentRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Runs by file, for example `examples/fork.yaml`. */
export type ExampleRuns = Readonly<Record<string, readonly ExampleRun[]>>;
