import { describe, expect, test } from 'vitest';
import { failure } from '../../support/engine-run.ts';

const validation = 'https://serverlessworkflow.io/spec/1.0.0/errors/validation';

describe('raise', () => {
  test('an inline error, with the task as its instance', async () => {
    const { error, retryable } = await failure(`
      do: [{ raiseError: { raise: { error: { type: 'https://example.com/compliance', status: 400, title: Compliance Error } } } }]
      `);
    expect(error).toEqual({
      type: 'https://example.com/compliance',
      status: 400,
      title: 'Compliance Error',
      instance: '/do/0/raiseError',
    });
    expect(retryable).toBe(false);
  });

  test('an error of use.errors', async () => {
    const { error } = await failure(`
      use: { errors: { bad: { type: '${validation}', status: 422, detail: 'no good' } } }
      do: [{ r: { raise: { error: bad } } }]
      `);
    expect(error).toEqual({
      type: validation,
      status: 422,
      title: 'Validation error',
      detail: 'no good',
      instance: '/do/0/r',
    });
  });

  test('its members may be expressions', async () => {
    const { error } = await failure(
      `
      do:
        - r:
            raise:
              error:
                type: '\${ "https://example.com/" + .kind }'
                status: 409
                title: '\${ .kind }'
                detail: '\${ { id: .id } }'
                instance: '\${ "/orders/\\(.id)" }'
      `,
      { input: { kind: 'conflict', id: 7 } },
    );
    expect(error).toEqual({
      type: 'https://example.com/conflict',
      status: 409,
      title: 'conflict',
      detail: '{"id":7}',
      instance: '/orders/7',
    });
  });

  test('a title and a detail that come out null are left to the defaults', async () => {
    const { error } = await failure(
      `do: [{ r: { raise: { error: { type: '${validation}', status: 400, title: '\${ .a }', detail: '\${ .a }' } } } }]`,
      { input: {} },
    );
    expect(error).toEqual({ type: validation, status: 400, title: 'Validation error', instance: '/do/0/r' });
  });

  test('a type that comes out as no text is an expression error', async () => {
    const { error } = await failure(`do: [{ r: { raise: { error: { type: '\${ 1 }', status: 400 } } } }]`);
    expect(error).toMatchObject({ type: expect.stringContaining('/expression'), instance: '/do/0/r' });
  });

  test('an error with the type and status of a failed call is not retried for that', async () => {
    const { retryable } = await failure(`
      do: [{ r: { raise: { error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', status: 503 } } } }]
      `);
    expect(retryable).toBe(false);
  });
});
