/** Answers of the busiest routes, written to the socket in one piece. */
import type { RequestContext } from './route.ts';

/** Variables that one request's middleware and handler share. */
export interface Variables {
  requestId: string;
  /** The answer carries what `envelope` (app.ts) would add to it. */
  enveloped?: true;
}

/**
 * A JSON answer with everything in it that answers have in common, so that nothing is added afterwards: a plain
 * record of headers goes to node as it is, and node sends head and body in one write.
 * @param headers further ones, names in lower case
 */
export function jsonAnswer(
  { c, requestId, stopping }: Pick<RequestContext, 'c' | 'requestId' | 'stopping'>,
  body: unknown,
  status: number,
  headers: Record<string, string> = {},
): Response {
  const all: Record<string, string> = {
    'content-type': 'application/json',
    'x-request-id': requestId,
    ...headers,
  };
  if (stopping.aborted) all['connection'] = 'close';
  c.set('enveloped', true);
  return new Response(JSON.stringify(body), { status, headers: all });
}
