import { describe, expect, it } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../../../lib/engine/types.ts';
import { OAUTH2, service } from './authority.ts';
import { compile, failureOf, GET, response, scene, send } from './kit.ts';

describe('several calls at once', () => {
  /** An authority that answers when told. */
  const slow = (answered?: (request: HttpRequest) => HttpResponse) => {
    const authority = service();
    const waiting = new Set<() => void>();
    const answer = (request: HttpRequest, signal: AbortSignal) =>
      request.url === GET.url
        ? authority.answer(request)
        : new Promise<HttpResponse>((resolve, reject) => {
            const go = (): void => resolve((answered ?? authority.answer)(request));
            waiting.add(go);
            signal.addEventListener('abort', () => {
              waiting.delete(go);
              reject(signal.reason as Error);
            });
          });
    const first = scene({ answer });
    const { tokens } = first.ports;
    const { get } = tokens;
    let lookups = 0;
    tokens.get = (key) => {
      lookups += 1;
      return get(key);
    };
    /** One request is under way, and the cache was looked into so often: whoever did waits for it. */
    const asked = (count: number) =>
      expect.poll(() => [waiting.size, lookups], { interval: 1, timeout: 5000 }).toEqual([1, count]);
    return { first, answer, asked, release: () => waiting.forEach((go) => go()), authority };
  };

  it('wait for one token', async () => {
    const { first, answer, asked, release, authority } = slow();
    const authentication = compile(OAUTH2);
    const calls = [1, 2, 3].map(() => send(scene({ answer, ports: first.ports }), authentication));
    await asked(3);
    release();
    await Promise.all(calls);
    expect(authority.asked).toHaveLength(1);
    expect(authority.used).toEqual(['t1', 't1', 't1']);
  });

  it('when the one that asks is interrupted, another one asks; one that waits can be interrupted alone', async () => {
    const { first, answer, asked, release, authority } = slow();
    const authentication = compile(OAUTH2);
    const begin = () => {
      const controller = new AbortController();
      const ended = send(scene({ answer, ports: first.ports }), authentication, GET, controller.signal).then(
        ({ status }) => status,
        (error: unknown) => error,
      );
      return { controller, ended };
    };
    const leader = begin();
    await asked(1);
    const [waiting, patient] = [begin(), begin()];
    await asked(3);
    waiting.controller.abort('waiting');
    expect(await waiting.ended).toBe('waiting');
    leader.controller.abort('leader');
    expect(await leader.ended).toBe('leader');
    await asked(4);
    release();
    expect(await patient.ended).toBe(200);
    expect(authority.used).toEqual(['t1']);
  });

  it('each get an error of their own when the authority refuses', async () => {
    const { first, answer, asked, release } = slow((request) => response(request, 400));
    const authentication = compile(OAUTH2);
    const failing = Promise.all(
      [1, 2].map(() => failureOf(send(scene({ answer, ports: first.ports }), authentication))),
    );
    await asked(2);
    release();
    expect((await failing).map(({ type }) => type)).toEqual(['authentication', 'authentication']);
    expect(first.ports.requests).toHaveLength(1);
  });
});
