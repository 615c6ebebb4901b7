/** The timeline as server-sent events (WHATWG HTML, section 9.2). */
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import { isTerminal, type RunRow } from '../db/runs/row.ts';
import type { RequestContext } from '../http/route.ts';
import { isLastItem, timelineAfter, type TimelineItem } from './timeline.ts';

const PAGE = 200;
/** A comment so often, so that proxies do not take the connection for dead. */
const KEEP_ALIVE_MS = 15_000;

type Change = 'changed' | 'ended' | 'gone';

/** Resolves at the next change of the run, at an abort, or after the keep-alive time; tells which. */
interface Changes {
  next(): Promise<Change | 'quiet' | 'aborted'>;
  stop(): void;
}

function watchChanges({ deps }: RequestContext, runId: string, signal: AbortSignal): Changes {
  let pending: Change | null = null;
  let wake: (() => void) | undefined;
  const stop = deps.live.watch(runId, (snapshot) => {
    if (snapshot === null) pending = 'gone';
    else pending = isTerminal(snapshot.status) ? 'ended' : 'changed';
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

/** Sends `items` and what comes after them; answers with the last id sent, or null after the terminal event. */
async function sendFrom(
  context: RequestContext,
  row: RunRow,
  stream: SSEStreamingApi,
  after: number,
  page: TimelineItem[],
): Promise<number | null> {
  let last = after;
  for (let items = page; ; items = await timelineAfter(context.deps, row, last, PAGE)) {
    for (const item of items) {
      await stream.writeSSE({ id: String(item.id), event: item.type, data: JSON.stringify(item) });
      last = item.id;
      if (isLastItem(item)) return null;
    }
    if (items.length < PAGE) return last;
  }
}

/**
 * Streams from the beginning or after `Last-Event-ID`; ends after the terminal event, at a stop, or with the client.
 * An EventSource comes back after every end: `204` tells it that the run has ended and it has seen everything.
 */
export async function streamTimeline(context: RequestContext, row: RunRow): Promise<Response> {
  const lastEventId = context.c.req.header('last-event-id') ?? '';
  const start = /^\d+$/.test(lastEventId) ? Number(lastEventId) : -1;
  const first = await timelineAfter(context.deps, row, start, PAGE);
  if (isTerminal(row.status) && first.length === 0) return context.c.body(null, 204);
  return streamSSE(context.c, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    const changes = watchChanges(context, row.id, AbortSignal.any([left.signal, context.stopping]));
    try {
      let after = await sendFrom(context, row, stream, start, first);
      while (after !== null) {
        const change = await changes.next();
        if (change === 'aborted' || change === 'gone') return;
        if (change === 'quiet') await stream.write(': keep-alive\n\n');
        else {
          const items = await timelineAfter(context.deps, row, after, PAGE);
          after = await sendFrom(context, row, stream, after, items);
        }
        // Read after the end, so complete, though the terminal event may be one that the client says it has.
        if (change === 'ended') return;
      }
    } catch (error) {
      // The client comes back with Last-Event-ID; what it has is not lost.
      context.deps.log.debug({ err: error, requestId: context.requestId }, 'a stream ended early');
    } finally {
      changes.stop();
    }
  });
}
