import { describe, expect, it } from 'vitest';
import { followsLifecycle, isTypePattern } from '../../../lib/subscriptions/pattern.ts';

describe('a pattern of types', () => {
  it.each(['com.acme.ordered.v1', 'com.acme.*', '*', 'a'])('may be %s', (text) => {
    expect(isTypePattern(text)).toBe(true);
  });

  it.each(['', '**', '*.v1', 'com.*.v1', 'a*b*'])(
    'may not be %j: a star stands at the end or nowhere',
    (text) => {
      expect(isTypePattern(text)).toBe(false);
    },
  );
});

describe('a subscription follows lifecycle events', () => {
  it.each([
    '*',
    'io.*',
    'io.serverlessworkflow.*',
    'io.serverlessworkflow.task.*',
    'io.serverlessworkflow.workflow.completed.v1',
  ])('with %s', (pattern) => {
    expect(followsLifecycle(['com.acme.*', pattern])).toBe(true);
  });

  it.each(['com.acme.*', 'io.serverlessworkflow', 'io.serverless', 'ioX*', 'io.serverlessworkflows.*'])(
    'not with %s',
    (pattern) => {
      expect(followsLifecycle([pattern])).toBe(false);
    },
  );
});
