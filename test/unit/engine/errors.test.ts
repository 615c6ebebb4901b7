import { describe, expect, test } from 'vitest';
import {
  defaultTitle,
  ERROR_TYPES,
  isRetryable,
  sameErrorType,
  standardError,
  WorkflowError,
  type ErrorName,
  type ErrorOrigin,
} from '../../../lib/engine/errors.ts';

const forms = (name: string) => [
  `https://serverlessworkflow.io/spec/1.0.0/errors/${name}`,
  `https://open-workflow-specification.org/spec/1.0.0/errors/${name}`,
  `https://serverlessworkflow.io/dsl/errors/types/${name}`,
];

describe('error types', () => {
  test('the emitted form is that of 1.0.3', () => {
    expect(ERROR_TYPES.communication).toBe('https://serverlessworkflow.io/spec/1.0.0/errors/communication');
  });

  test('the three forms of a standard type are equal', () => {
    for (const a of forms('timeout'))
      for (const b of forms('timeout')) expect(sameErrorType(a, b)).toBe(true);
  });

  test('forms of different standard types differ, and own types are compared as they are', () => {
    expect(sameErrorType(forms('timeout')[0]!, forms('runtime')[1]!)).toBe(false);
    expect(sameErrorType('https://example.com/a', 'https://example.com/a')).toBe(true);
    expect(sameErrorType('https://example.com/a', 'https://example.com/b')).toBe(false);
    expect(sameErrorType(forms('compliance')[0]!, forms('compliance')[1]!)).toBe(false);
    expect(sameErrorType(forms('toString')[0]!, forms('toString')[1]!)).toBe(false);
  });

  test('a title is found for every type', () => {
    expect(defaultTitle(forms('validation')[1]!)).toBe('Validation error');
    expect(defaultTitle('https://example.com/own')).toBe('Error');
  });
});

describe('what a new attempt of the run may help', () => {
  const error = (name: ErrorName, status: number | undefined, origin: ErrorOrigin) =>
    new WorkflowError(
      standardError(name, 'a network error', '/do/0/x', status === undefined ? {} : { status }),
      origin,
    );

  test.each([408, 425, 429, 500, 502, 503, 504, 599])('communication with %d', (status) => {
    expect(isRetryable(error('communication', status, 'call'))).toBe(true);
  });
  test('communication without an answer, which has the status 500', () => {
    expect(isRetryable(error('communication', undefined, 'call'))).toBe(true);
  });
  test('a timeout of a call', () => {
    expect(isRetryable(error('timeout', undefined, 'call'))).toBe(true);
  });
  test.each([300, 302, 400, 401, 403, 404, 409, 422, 600])('not communication with %d', (status) => {
    expect(isRetryable(error('communication', status, 'call'))).toBe(false);
  });
  test.each([
    'validation',
    'configuration',
    'expression',
    'authentication',
    'authorization',
    'runtime',
  ] as const)('not %s, whatever its status', (name) => {
    expect(isRetryable(error(name, 503, 'call'))).toBe(false);
  });
  test('not a timeout of the workflow', () => {
    expect(isRetryable(error('timeout', undefined, 'task'))).toBe(false);
  });
  test('nothing that was raised, and no limit of the platform', () => {
    expect(isRetryable(error('communication', 503, 'raise'))).toBe(false);
    expect(isRetryable(error('timeout', undefined, 'raise'))).toBe(false);
    expect(isRetryable(error('communication', 503, 'limit'))).toBe(false);
  });
});
