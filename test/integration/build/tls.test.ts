/** The bundled API behind TLS: modules of Node that it loads late (scripts/build/lazy-builtins.ts) are there when asked for. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { makeTestDir } from '../../support/stack.ts';

/** A self-signed certificate for `localhost`, valid until 2126. Made for this test alone. */
const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgg0j9QC+ul5BF7f8x
H0vF6qlolLdLfXPHMFIxXNWTdnmhRANCAAQmn//rNCvLxNIiChTD7zHtlredbZpx
p7Sa69HuGhgebrxOXGqnTM0fMAvWUKMXJCr4Cl35liRytNq1Fx1iaGsx
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIURU4DAZvEhCNMI+wTqjHlkmaEe0cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTEwMjgwNVoYDzIxMjYxMTAx
MTAyODA1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQmn//rNCvLxNIiChTD7zHtlredbZpxp7Sa69HuGhgebrxOXGqnTM0f
MAvWUKMXJCr4Cl35liRytNq1Fx1iaGsxo2kwZzAdBgNVHQ4EFgQUwiFFvaaZXDZD
EtMoVQRvW6LMM0UwHwYDVR0jBBgwFoAUwiFFvaaZXDZDEtMoVQRvW6LMM0UwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgPa8fYls9yzLWmcLzp1DrmzEIQHUfph76rXuBV4FeKZECIQCmss1pULmE
GduYrRAFzUlOxwjzzRTeZTr1wrWArSS0YA==
-----END CERTIFICATE-----`,
};

const proxies: Server[] = [];
let stack: RunStack;

/** `url` with this server in the place of its host and port. */
async function through(server: Server, url: string): Promise<URL> {
  proxies.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const proxied = new URL(url);
  proxied.hostname = 'localhost';
  // It listens on host and port.
  proxied.port = String((server.address() as AddressInfo).port);
  return proxied;
}

/** Both directions, until either end goes. */
function forward(client: Socket, target: string): void {
  const { hostname, port } = new URL(target);
  const server = connect(Number(port), hostname);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
}

/** TLS from the first byte. */
async function secureRedis(url: string): Promise<string> {
  const proxied = await through(
    createTlsServer(SELF_SIGNED, (client) => forward(client, url)),
    url,
  );
  return proxied.href.replace(/^redis:/, 'rediss:');
}

/** TLS once the client has asked for it (PostgreSQL manual, "SSL Session Encryption"). */
async function securePostgres(url: string): Promise<string> {
  const server = createServer((client) => {
    client.once('data', () => {
      client.write('S');
      forward(new TLSSocket(client, { isServer: true, ...SELF_SIGNED }), url);
    });
  });
  const proxied = await through(server, url);
  proxied.searchParams.set('sslmode', 'verify-full');
  return proxied.href;
}

beforeAll(async () => {
  const trusted = join(makeTestDir('tls'), 'certificate.pem');
  writeFileSync(trusted, SELF_SIGNED.cert);
  stack = await openRunStack({
    withWorker: false,
    apiEnv: async (direct) => ({
      DATABASE_URL: await securePostgres(direct.DATABASE_URL),
      REDIS_URL: await secureRedis(direct.REDIS_URL),
      NODE_EXTRA_CA_CERTS: trusted,
    }),
  });
});
afterAll(async () => {
  await stack.close();
  for (const proxy of proxies) proxy.close();
});

it('reaches Postgres and Redis over TLS', async () => {
  const { status } = await stack.org.start(stack.workflowId, { input: 1 });
  expect(status).toBe(201);
});
