import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../lib/config.ts';
import { secretsKeyOf } from '../support/secrets-key.ts';

const REQUIRED = { DATABASE_URL: 'postgres://u:p@db/x', REDIS_URL: 'redis://cache' };
const folder = mkdtempSync(join(tmpdir(), 'vespid-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(env: Record<string, string>): Record<string, string> {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.problems.map(({ name, message }) => [name, message]));
    }
    throw error;
  }
  return {};
}

describe('the configuration', () => {
  it('needs the two addresses only; the rest has the defaults of the contract', () => {
    expect(readConfig(REQUIRED)).toMatchObject({
      queueName: 'workflow-runs',
      concurrency: 50,
      retryAttempts: 3,
      retryBackoffMs: 1000,
      enqueueTimeoutMs: 2000,
      databaseTimeoutMs: 2000,
      databasePoolMax: 10,
      databasePrepare: true,
      leaseMs: 15_000,
      callTimeoutMs: 60_000,
      maxResponseBytes: 4 * 1024 * 1024,
      maxRunSteps: 100_000,
      expressionLimits: {
        maxSteps: 1_000_000,
        maxBytes: 16 * 1024 * 1024,
        maxDepth: 500,
        maxTimeMs: 40,
      },
      shutdownGraceMs: 8000,
      egressAllow: [],
      maxBodyBytes: 1024 * 1024,
      maxDefinitionBytes: 256 * 1024,
      maxRunStateBytes: 4 * 1024 * 1024,
      port: 8080,
      handlers: [],
      adminToken: null,
      secretsKeys: [],
    });
  });

  it('reports every problem at once, by name and never by value', () => {
    const problems = problemsOf({
      REDIS_URL: 'http://secret-host',
      PORT: 'eighty',
      DATABASE_PREPARE: 'yes',
      LOG_LEVEL: 'loud',
      WORKFLOW_QUEUE_NAME: 'a:b',
      VESPID_ADMIN_TOKEN: 'short',
      VESPID_EGRESS_ALLOW: '10.0.0.0/99',
      VESPID_SECRETS_KEY: 'id:do-not-repeat-me',
    });
    expect(Object.keys(problems).toSorted()).toEqual([
      'DATABASE_PREPARE',
      'DATABASE_URL',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
      'VESPID_ADMIN_TOKEN',
      'VESPID_EGRESS_ALLOW',
      'VESPID_SECRETS_KEY',
      'WORKFLOW_QUEUE_NAME',
    ]);
    expect(problems['DATABASE_URL']).toBe('is required');
    expect(JSON.stringify(problems)).not.toMatch(/secret-host|eighty|short|repeat-me/);
  });

  it('reads NAME_FILE where NAME is absent, and says when the file cannot be read', () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'redis://from-file\n');
    expect(readConfig({ DATABASE_URL: REQUIRED.DATABASE_URL, REDIS_URL_FILE: file }).redisUrl).toBe(
      'redis://from-file',
    );
    expect(readConfig({ ...REQUIRED, REDIS_URL_FILE: file }).redisUrl).toBe(REQUIRED.REDIS_URL);
    expect(problemsOf({ DATABASE_URL: REQUIRED.DATABASE_URL, REDIS_URL_FILE: '/nowhere' })).toEqual({
      REDIS_URL_FILE: 'names a file that cannot be read',
    });
  });

  it('takes the keys for secrets in their order, from a mounted file as well', () => {
    const file = join(folder, 'keys');
    writeFileSync(file, `${secretsKeyOf('new')},${secretsKeyOf('old')}\n`);
    const { secretsKeys } = readConfig({ ...REQUIRED, VESPID_SECRETS_KEY_FILE: file });
    expect(secretsKeys.map(({ id }) => id)).toEqual(['new', 'old']);
  });

  it('takes an empty value for an absent one', () => {
    expect(readConfig({ ...REQUIRED, PORT: '', VESPID_ADMIN_TOKEN: '' })).toMatchObject({
      port: 8080,
      adminToken: null,
    });
  });

  it('reports names of HANDLERS that are no route beside everything else', () => {
    expect(() =>
      readConfig({ ...REQUIRED, PORT: 'eighty', HANDLERS: 'docs,foo,toString' }, ['docs']),
    ).toThrow(/PORT must .*; HANDLERS names "foo", which is none of docs; HANDLERS names "toString"/);
    expect(readConfig({ ...REQUIRED, HANDLERS: 'docs' }, ['docs']).handlers).toEqual(['docs']);
  });

  it('reads lists', () => {
    const config = readConfig({
      ...REQUIRED,
      HANDLERS: 'start-run, get-run,',
      VESPID_EGRESS_ALLOW: '127.0.0.0/8,::1',
    });
    expect(config.handlers).toEqual(['start-run', 'get-run']);
    expect(config.egressAllow).toEqual(['127.0.0.0/8', '::1']);
  });
});
