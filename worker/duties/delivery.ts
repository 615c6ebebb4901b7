/** One attempt to deliver an event to its subscriber. */
import { HttpFailure } from '../../lib/engine/types.ts';
import type { ClaimedDelivery } from '../../lib/db/events/deliveries.ts';
import { retryAfterMs } from '../../lib/subscriptions/retry.ts';
import { openSigningSecret } from '../../lib/subscriptions/secret.ts';
import { webhookRequest } from '../../lib/subscriptions/webhook.ts';
import type { WorkerDeps } from '../deps.ts';

/** The worker ends, and its client of HTTP is closed. */
const CLOSED = ['UND_ERR_DESTROYED', 'UND_ERR_CLOSED'];

/** The subscriber wants no more (Standard Webhooks, "Delivery": 410 Gone). */
const GONE = 410;

export type Attempted =
  | { kind: 'delivered'; status: number }
  /** `status` is null and `retryAfterMs` too when there was no answer. */
  | { kind: 'failed'; status: number | null; error: string; retryAfterMs: number | null }
  | { kind: 'gone'; status: number; error: string };

const unanswered = (error: string): Attempted => ({
  kind: 'failed',
  status: null,
  error,
  retryAfterMs: null,
});

/**
 * Signs and sends the event. A redirect is a failure: the URL is the subscriber's to change.
 * @returns what came of it; never throws for an endpoint's fault
 * @throws when this worker is at fault: then nothing is known of the attempt, and another one makes it again
 */
export async function attemptDelivery(
  { egress, keyring, log }: Pick<WorkerDeps, 'egress' | 'keyring' | 'log'>,
  delivery: ClaimedDelivery,
  timeoutMs: number,
): Promise<Attempted> {
  const { subscription_id: id, org_id: orgId, event_id: eventId, url, body } = delivery;
  const opened = openSigningSecret(
    keyring,
    { orgId, id },
    { keyId: delivery.key_id, sealed: delivery.sealed },
  );
  if (!opened.ok) {
    log.error({ event: 'subscription_secret_unreadable', orgId, subscriptionId: id, reason: opened.reason });
    return unanswered('the signing secret cannot be opened');
  }
  const request = webhookRequest({ url, id: eventId, body }, opened.secret, new Date());
  try {
    const { status, headers } = await egress.request(request, AbortSignal.timeout(timeoutMs));
    if (status >= 200 && status < 300) return { kind: 'delivered', status };
    const error = `the endpoint answered ${status}`;
    if (status === GONE) return { kind: 'gone', status, error };
    return { kind: 'failed', status, error, retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()) };
  } catch (error) {
    if (error instanceof HttpFailure && !isClosed(error)) return unanswered(error.message);
    throw error;
  }
}

const isClosed = ({ cause }: HttpFailure): boolean =>
  cause instanceof Error && 'code' in cause && CLOSED.includes(String(cause.code));
