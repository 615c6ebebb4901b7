/** The timeline as server-sent events (WHATWG HTML, section 9.2). */
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import type { RunRow } from '../db/runs/row.ts';
import type { RequestContext } from '../http/route.ts';
import { isLastItem, timelineAfter } from './timeline.ts';

const PAGE = 200;
/** A comment so often, so that proxies do not take the connection for dead. */
const KEEP_ALIVE_MS = 15_000;

/** Resolves at the next change of the run, at an abort, or after the keep-alive time; tells which. */
interface Changes {
  next(): Promise<'changed' | 'gone' | 'quiet' | 'aborted'>;
  stop(): void;
}

function watchChanges({ deps }: RequestContext, runId: string, signal: AbortSignal): Changes {
  let pending: 'changed' | 'gone' | null = null;
  let wake: (() => void) | undefined;
  const stop = deps.live.watch(runId, (snapshot) => {
    pending = snapshot === null ? 'gone' : 'changed';
    wake?.();
  });
  signal.addEventListener('abort', () => wake?.());
  return {
    stop,
    async next() {
      if (pending === null && !signal.aborted) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, KEEP_ALIVE_MS);
        });
        clearTimeout(timer);
      }
      if (signal.aborted) return 'aborted';
      const result = pending ?? 'quiet';
      pending = null;
      return result;
    },
  };
}

/** Sends what is new; answers with the last id sent, or null after the terminal event. */
async function sendNew(
  context: RequestContext,
  row: RunRow,
  stream: SSEStreamingApi,
  after: number,
): Promise<number | null> {
  let last = after;
  for (;;) {
    const items = await timelineAfter(context.deps, row, last, PAGE);
    for (const item of items) {
      await stream.writeSSE({ id: String(item.id), event: item.type, data: JSON.stringify(item) });
      last = item.id;
      if (isLastItem(item)) return null;
    }
    if (items.length < PAGE) return last;
  }
}

/** Streams from the beginning or after `Last-Event-ID`; ends after the terminal event, at a stop, or with the client. */
export function streamTimeline(context: RequestContext, row: RunRow): Response {
  const lastEventId = context.c.req.header('last-event-id') ?? '';
  const start = /^\d{1,9}$/.test(lastEventId) ? Number(lastEventId) : -1;
  return streamSSE(context.c, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    const changes = watchChanges(context, row.id, AbortSignal.any([left.signal, context.stopping]));
    try {
      let after: number | null = await sendNew(context, row, stream, start);
      while (after !== null) {
        const change = await changes.next();
        if (change === 'aborted' || change === 'gone') return;
        if (change === 'quiet') await stream.write(': keep-alive\n\n');
        else after = await sendNew(context, row, stream, after);
      }
    } catch (error) {
      // The client comes back with Last-Event-ID; what it has is not lost.
      context.deps.log.debug({ err: error, requestId: context.requestId }, 'a stream ended early');
    } finally {
      changes.stop();
    }
  });
}
