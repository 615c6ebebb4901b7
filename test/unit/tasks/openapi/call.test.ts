import { describe, expect, it } from 'vitest';
import { FakePorts } from '../../../support/engine-ports.ts';
import { type FakeCall, runToEnd } from '../../../support/engine-run.ts';
import { answerOf, errorOf, ok, operation, POINTER, workflowOf } from './operations.ts';

describe('call: openapi', () => {
  it('gives the content of the answer, the whole answer, or its bytes', async () => {
    const answer = () => ok([{ id: 1 }]);
    expect((await answerOf(operation(), { answer })).output).toEqual([{ id: 1 }]);
    expect((await answerOf(operation(), { answer, more: { output: 'raw' } })).output).toBe(
      Buffer.from('[{"id":1}]').toString('base64'),
    );
    expect((await answerOf(operation(), { answer, more: { output: 'response' } })).output).toMatchObject({
      request: { method: 'GET', uri: 'https://api.example.org/v1/pets' },
      statusCode: 200,
      content: [{ id: 1 }],
    });
  });

  it('turns a status outside 2xx into the error of the language', async () => {
    const { error } = await errorOf(operation(), { answer: () => ({ ...ok(), status: 404 }) });
    expect(error).toMatchObject({ status: 404, instance: '/do/0/call' });
    expect(error.type).toMatch(/\/communication$/);
  });

  it('follows redirects only when it is told to, and then takes 3xx', async () => {
    const answer = () => ({ ...ok('moved'), status: 304 });
    expect((await errorOf(operation(), { answer })).error.status).toBe(304);
    const { output, requests } = await answerOf(operation(), { answer, more: { redirect: true } });
    expect(output).toBe('moved');
    expect(requests[0]?.followRedirects).toBe(true);
  });

  it('sends the credentials of the call, and no others', async () => {
    const more = { authentication: { bearer: { token: '${ $secrets.token }' } } };
    const { requests } = await answerOf(operation(), { more }, { secrets: { token: 'abc' } });
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc' });
    expect((await answerOf(operation(), {})).requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('is recorded once: what fails later does not send it again', async () => {
    const ports = new FakePorts();
    ports.answer = async () => ok(5);
    const resources = new Map([[`${POINTER}/with/document`, JSON.stringify(operation())]]);
    let failures = 0;
    const effect = ({ argument, frame }: FakeCall) => {
      failures += 1;
      if (failures === 1) throw frame.fail('communication', 'not yet', { status: 503 });
      return argument;
    };
    const later = { later: { call: 'fake', with: { got: '${ . }' } } };
    const { outcome } = await runToEnd(workflowOf({ after: [later] }), { ports, resources, effect });
    expect(outcome).toEqual({ kind: 'succeeded', output: { got: 5 } });
    expect(failures).toBe(2);
    expect(ports.requests).toHaveLength(1);
  });

  it('fails with a configuration error when the version keeps no document', async () => {
    const { error } = await errorOf(null, {});
    expect(error).toMatchObject({ status: 400, detail: expect.stringContaining('publish it again') });
    expect(error.type).toMatch(/\/configuration$/);
  });
});
