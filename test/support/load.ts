/** A steady load of requests to start a run, each with a label of its own, and what became of them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Started } from './client.ts';

export interface Sample {
  /** The run's label `request`: a request that gets no run id is found by it. */
  label: string;
  /** performance.now() of this process. */
  sentAt: number;
  latencyMs: number;
  /** 0: the connection broke or nothing was answered. */
  status: number;
  code: string | null;
  /** Of a 201, and of a problem that names one. */
  runId: string | null;
  reason: string | null;
}

export interface Load {
  samples: readonly Sample[];
  /** Sends no more and waits for what is under way. */
  stop(): Promise<readonly Sample[]>;
}

export interface LoadOptions {
  perSecond: number;
  /** Requests under way at most; while there are so many, none is sent. */
  maxInFlight: number;
  start(label: string, index: number): Promise<Answer<Started>>;
}

export async function sample(label: string, start: () => Promise<Answer<Started>>): Promise<Sample> {
  const sentAt = performance.now();
  try {
    const { status, code, latencyMs, body } = await start();
    const runId = body.run?.id ?? (typeof body['runId'] === 'string' ? body['runId'] : null);
    const reason = typeof body['reason'] === 'string' ? body['reason'] : null;
    return { label, sentAt, latencyMs, status, code, runId, reason };
  } catch (error) {
    const reason = error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
    return {
      label,
      sentAt,
      latencyMs: performance.now() - sentAt,
      status: 0,
      code: null,
      runId: null,
      reason,
    };
  }
}

export function startLoad({ perSecond, maxInFlight, start }: LoadOptions): Load {
  const samples: Sample[] = [];
  const underWay = new Set<Promise<void>>();
  let stopping = false;

  function launch(index: number): void {
    const label = randomUUID();
    const request = sample(label, () => start(label, index)).then((result) => {
      samples.push(result);
      underWay.delete(request);
    });
    underWay.add(request);
  }

  async function run(): Promise<void> {
    let dueAt = performance.now();
    for (let index = 0; !stopping; index += 1) {
      // What could not be sent in its time is left out: catching up would be a burst.
      dueAt = Math.max(dueAt + 1000 / perSecond, performance.now());
      await sleep(dueAt - performance.now());
      if (underWay.size >= maxInFlight) await Promise.race(underWay);
      if (!stopping) launch(index);
    }
    await Promise.all(underWay);
  }

  const running = run();
  return {
    samples,
    stop: async () => {
      stopping = true;
      await running;
      return samples;
    },
  };
}

/** The nearest-rank percentile of `values`; NaN for none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

const isRefused = ({ code }: Sample): boolean => code === 'QUEUE_UNAVAILABLE';

/** One line of figures: how many of each answer, and the latencies. */
export function figures(samples: readonly Sample[], knownFrom = Number.POSITIVE_INFINITY): string {
  const counts = new Map<string, number>();
  for (const { status, code, reason } of samples) {
    const kind = [status, code, reason].filter((part) => part !== null).join(' ');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const spread = (group: readonly Sample[]): string => {
    const values = group.map(({ latencyMs }) => latencyMs);
    return `p50 ${percentile(values, 50).toFixed(1)} p99 ${percentile(values, 99).toFixed(1)} ms (${values.length})`;
  };
  return [
    `${samples.length} requests:`,
    [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', '),
    `| 201 ${spread(samples.filter(({ status }) => status === 201))}`,
    `| 503 ${spread(samples.filter(isRefused))}`,
    `| 503 once known ${spread(samples.filter((one) => isRefused(one) && one.sentAt >= knownFrom))}`,
  ].join(' ');
}
