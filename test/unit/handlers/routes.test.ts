import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRoutes } from '../../../handlers/routes.ts';
import { toOpenApi } from '../../../lib/http/openapi.ts';

const FILES = readdirSync(join(import.meta.dirname, '../../../handlers'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'routes' && name !== 'server');

describe('the list of routes', () => {
  it('has every file of handlers/, each under its own name', async () => {
    const names = (await loadRoutes([])).map((route) => route.name);
    expect(names.toSorted()).toEqual(FILES.toSorted());
  });

  it('gives no method of a path to two routes', async () => {
    const ways = (await loadRoutes([])).flatMap(({ method, paths }) =>
      paths.map((path) => `${method} ${path}`),
    );
    expect(ways.filter((way, index) => ways.indexOf(way) !== index)).toEqual([]);
  });

  it('asks for a key under /v1, for the admin token to create an org, and for nothing elsewhere', async () => {
    for (const { name, access, paths } of await loadRoutes([])) {
      const isOfOrg = paths.every((path) => path.startsWith('/v1/'));
      const expected = name === 'create-org' ? 'admin-token' : isOfOrg ? 'key' : 'public';
      const asked = access === 'public' || access === 'admin-token' ? access : 'key';
      expect({ name, asked }).toEqual({ name, asked: expected });
    }
  });

  it('can be written as an OpenAPI document', async () => {
    expect(JSON.stringify(toOpenApi(await loadRoutes([])))).toContain('"start-run"');
  });

  it('loads those that are named, once', async () => {
    expect((await loadRoutes(['docs', 'metrics', 'docs'])).map(({ name }) => name)).toEqual([
      'metrics',
      'docs',
    ]);
  });
});
