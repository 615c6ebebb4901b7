/** A client of an org: sends to one of the APIs, gives up after a while, and keeps every answer. */
import type { Fleet } from '../stack/fleet.ts';
import type { Random } from '../random.ts';
import type { Journal, Timed } from './journal.ts';

/** Longer than anything the API promises, and than a pause of its process. */
const REQUEST_TIMEOUT_MS = 15_000;

export interface Org {
  id: string;
  apiKey: string;
}

export interface Reply<Body> extends Timed {
  /** 0: the connection broke, or nothing was answered in time. */
  status: number;
  code: string | null;
  headers: Headers;
  body: Body;
}

interface Request {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Client {
  org: Org;
  random: Random;
  ask<Body>(request: Request): Promise<Reply<Partial<Body>>>;
}

/** @param name of the request in the figures: no ids */
function keep(
  journal: Journal,
  name: string,
  { status, code }: Pick<Reply<unknown>, 'status' | 'code'>,
): void {
  journal.answers.push({ request: name, status, code });
}

const shapeOf = (path: string): string =>
  path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id').split('?')[0] ?? '';

async function read(url: string, init: RequestInit): Promise<{ response: Response | null; text: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return { response, text: await response.text() };
  } catch {
    return { response: null, text: '' };
  }
}

export function createClient(fleet: Fleet, org: Org, random: Random, journal: Journal): Client {
  return {
    org,
    random,
    async ask<Body>({ method, path, body, headers = {} }: Request): Promise<Reply<Partial<Body>>> {
      const api = fleet.apis[random.between(0, fleet.apis.length - 1)];
      const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const sentAt = Date.now();
      const { response, text } = await read(`${api?.baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${org.apiKey}`,
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
      });
      // A client knows no more than the shape it hopes for: every member may be missing.
      const parsed = (text === '' ? {} : JSON.parse(text)) as Partial<Body> & { code?: unknown };
      const reply = {
        sentAt,
        answeredAt: Date.now(),
        status: response?.status ?? 0,
        code: typeof parsed.code === 'string' ? parsed.code : null,
        headers: response?.headers ?? new Headers(),
        body: parsed,
      };
      keep(journal, `${method} ${shapeOf(path)}`, reply);
      return reply;
    },
  };
}
