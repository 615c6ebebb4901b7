import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../../lib/tasks/authentication/challenges.ts';
import { answerDigest, type DigestFacts } from '../../../../lib/tasks/authentication/digest-answer.ts';
import { md5Hex } from '../../../../lib/tasks/authentication/md5.ts';
import { compile, failureOf, GET, response, scene, send } from './kit.ts';

/** The exchange of RFC 7616, 3.9.1. */
const REALM = 'http-auth@example.org';
const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const OPAQUE = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
const FACTS: DigestFacts = {
  username: 'Mufasa',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};
const challenge = (rest: string): string => `Digest realm="${REALM}", ${rest}`;
const modern = (algorithm: string, more = ''): string =>
  challenge(`qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"${more}`);

async function answer(field: string, facts = FACTS): Promise<string> {
  const [first] = parseChallenges(field);
  if (first === undefined) throw new Error('no challenge');
  return answerDigest(first, facts);
}
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('MD5', () => {
  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ])('gives what RFC 1321, A.5 says for %j', (text, digest) => {
    expect(md5Hex(text)).toBe(digest);
  });

  it('gives what OpenSSL gives, for any text around the block borders', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => md5Hex(text) === md5(text)),
    );
  });
});

describe('the answer to a challenge', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('%s is that of RFC 7616, 3.9.1', async (algorithm, digest) => {
    expect(await answer(modern(algorithm))).toBe(
      `username="Mufasa", realm="${REALM}", uri="/dir/index.html", algorithm=${algorithm}, nonce="${NONCE}", ` +
        `nc=00000001, cnonce="${FACTS.cnonce}", qop=auth, response="${digest}", opaque="${OPAQUE}"`,
    );
  });

  it('is that of RFC 2617, 3.5, for a nonce and password of its time', async () => {
    const field =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
    const facts = { ...FACTS, password: 'Circle Of Life', cnonce: '0a4f113b' };
    expect(await answer(field, facts)).toContain('response="6629fae49393a05397450978507c4ef1"');
  });

  it('MD5-sess mixes both nonces into the secret (3.4.2)', async () => {
    const account = md5(`Mufasa:${REALM}:Circle of Life`);
    const secret = md5(`${account}:${NONCE}:${FACTS.cnonce}`);
    const middle = `${NONCE}:00000001:${FACTS.cnonce}:auth`;
    const digest = md5(`${secret}:${middle}:${md5('GET:/dir/index.html')}`);
    expect(await answer(modern('MD5-sess'))).toContain(`response="${digest}"`);
  });

  it('without qop is that of RFC 2069', async () => {
    const field = challenge(`nonce="${NONCE}"`);
    const digest = md5(`${md5(`Mufasa:${REALM}:Circle of Life`)}:${NONCE}:${md5('GET:/dir/index.html')}`);
    const parameters = await answer(field);
    expect(parameters).toContain(`response="${digest}"`);
    expect(parameters).not.toMatch(/cnonce|qop|nc=/);
  });

  it('hashes the name when asked to, and writes one that is not ASCII as RFC 8187 says', async () => {
    const hashed = await answer(modern('MD5', ', userhash=true'));
    expect(hashed).toContain(`username="${md5(`Mufasa:${REALM}`)}"`);
    expect(hashed).toContain('userhash=true');
    const username = "Jäsøn 'Doe'";
    expect(await answer(modern('MD5'), { ...FACTS, username })).toContain(
      "username*=UTF-8''J%C3%A4s%C3%B8n%20%27Doe%27, ",
    );
  });

  it('keeps quotes and backslashes of name and realm inside their quotes', async () => {
    const parameters = await answer('Digest realm="a\\"b", nonce="n"', { ...FACTS, username: 'x", y="\\' });
    expect(parameters).toContain('username="x\\", y=\\"\\\\", realm="a\\"b"');
  });
});

describe('WWW-Authenticate', () => {
  it('is read with several challenges, quoted commas, spaces and token68', () => {
    const field =
      ' , Negotiate abc==, Digest realm="a, \\"b\\"" ,NONCE = x1 , Basic realm="c",, Digest qop=auth';
    const read = parseChallenges(field).map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ]);
    expect(read.slice(1)).toEqual([
      ['digest', { realm: 'a, "b"', nonce: 'x1' }],
      ['basic', { realm: 'c' }],
      ['digest', { qop: 'auth' }],
    ]);
    expect(read[0]?.[0]).toBe('negotiate');
  });

  it('never throws and never hangs, whatever a server sends', () => {
    const part = fc.constantFrom('Digest ', 'a', '=', '"', '\\', ',', ' ', 'nonce="', '\u00ff', ';');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 300 }), (parts) => parseChallenges(parts.join('')) !== null),
    );
    const startedAt = performance.now();
    parseChallenges('"\\'.repeat(16_000));
    parseChallenges('a="'.repeat(10_000));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('a digest request', () => {
  const policy = { digest: { username: 'Mufasa', password: 'Circle of Life' } };
  /** A service that knows the password and gives each nonce once. */
  const service = (challenges: string[]) => {
    let given = 0;
    return (sent: typeof GET) => {
      const authorization = sent.headers['authorization'] ?? '';
      const parameters = parseChallenges(authorization)[0]?.parameters ?? new Map<string, string>();
      const middle = `${parameters.get('nonce')}:${parameters.get('nc')}:${parameters.get('cnonce')}:auth`;
      const account = md5(`Mufasa:${REALM}:Circle of Life`);
      const right = md5(`${account}:${middle}:${md5(`GET:${parameters.get('uri')}`)}`);
      if (given === challenges.length && parameters.get('response') === right) return response(sent, 200);
      const field = challenges[Math.min(given, challenges.length - 1)] ?? '';
      given += 1;
      return response(sent, 401, null, { 'www-authenticate': field });
    };
  };

  it('is sent without credentials and again with the answer for its path and query', async () => {
    const setting = scene({ answer: service([modern('MD5')]) });
    expect((await send(setting, compile(policy))).status).toBe(200);
    const [first, second] = setting.ports.requests;
    expect(first).toEqual(GET);
    expect(second?.headers['authorization']).toContain('uri="/pets?a=b"');
    expect(setting.authorized).toEqual([{ scheme: 'Digest', parameter: '' }]);
  });

  it('takes the first challenge that it can answer', async () => {
    const field = `Basic realm="x", Digest realm="y", nonce="n", algorithm=SHA-512-256, ${modern('MD5')}`;
    const setting = scene({ answer: service([field]) });
    expect((await send(setting, compile(policy))).status).toBe(200);
  });

  it('answers once more when the nonce has expired, and not when the password is wrong', async () => {
    const stale = scene({ answer: service([modern('MD5'), modern('MD5', ', stale=TRUE')]) });
    expect((await send(stale, compile(policy))).status).toBe(200);
    expect(stale.ports.requests).toHaveLength(3);
    const wrong = scene({ answer: service([modern('MD5'), modern('MD5'), modern('MD5')]) });
    expect((await send(wrong, compile(policy))).status).toBe(401);
    expect(wrong.ports.requests).toHaveLength(2);
  });

  it.each([
    ['auth-int alone', challenge('nonce="n", qop="auth-int"')],
    ['an unknown algorithm', challenge('nonce="n", algorithm=SHA-512-256')],
    ['no nonce', challenge('qop="auth"')],
    ['another scheme', 'Basic realm="x"'],
    ['no challenge', ''],
  ])('gives the 401 back for %s', async (_, field) => {
    const setting = scene({ answer: service([field]) });
    expect((await send(setting, compile(policy))).status).toBe(401);
    expect(setting.ports.requests).toHaveLength(1);
  });

  it('does not answer a challenge of whoever it was redirected to', async () => {
    const setting = scene({
      answer: (sent) => ({
        ...response(sent, 401, null, { 'www-authenticate': modern('MD5') }),
        url: 'https://elsewhere.example.org/',
      }),
    });
    await send(setting, compile(policy), { ...GET, followRedirects: true });
    expect(setting.ports.requests).toHaveLength(1);
  });

  it('has no credentials for a protocol without challenges', async () => {
    const { caller } = scene();
    const { signal } = new AbortController();
    expect(await failureOf(compile(policy).credentials(caller, signal))).toMatchObject({
      type: 'configuration',
    });
  });
});
