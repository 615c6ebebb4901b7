/** The request that carries an event to a subscriber: CloudEvents in structured mode, signed as Standard Webhooks says. */
import { Webhook } from 'standardwebhooks';
import type { HttpRequest } from '../engine/types.ts';

export interface WebhookMessage {
  url: string;
  /** Stable over all attempts: receivers drop what they have had by it. */
  id: string;
  /** The event in the JSON format of CloudEvents, sent as it is. */
  body: string;
}

/**
 * The signed request (Standard Webhooks, "Signature scheme"; CloudEvents HTTP binding, section 3.2).
 * @param secret `whsec_…`
 * @param at when it is sent: receivers refuse what is minutes old
 */
export function webhookRequest({ url, id, body }: WebhookMessage, secret: string, at: Date): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
    followRedirects: false,
  };
}
