import { describe, expect, it } from 'vitest';
import {
  bounded,
  DatabaseTimeout,
  isDatabaseUnavailable,
  statementOutcome,
  type PendingStatement,
} from '../../../lib/db/failure.ts';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code }, more);

/** What postgres.js shows of a query; `state` is set once a connection has taken it. */
function fakeQuery(state: object | null, outcome: Promise<unknown> = new Promise(() => {})) {
  const query = Object.assign(outcome, {
    state,
    cancels: 0,
    cancelled: null,
    strings: ['INSERT'],
    args: [1],
    cancel() {
      this.cancels++;
    },
  });
  return query satisfies PendingStatement<unknown>;
}

describe('isDatabaseUnavailable', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'ETIMEDOUT',
    'EPIPE',
    'CONNECT_TIMEOUT',
    'CONNECTION_CLOSED',
    'CONNECTION_ENDED',
    'CONNECTION_DESTROYED',
    'ANSWER_TIMEOUT',
    '57014',
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '08006',
    '08P01',
    '40P01',
    '28P01',
    '3D000',
    '25006',
    '53100',
  ])('knows %s, also behind causes', (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(true);
    expect(
      isDatabaseUnavailable(new Error('query', { cause: new Error('driver', { cause: withCode(code) }) })),
    ).toBe(true);
  });

  it.each(['23505', '22P02', '42P01', '42601', 'UNDEFINED_VALUE', 'ENOENT', 'ERR_INVALID_ARG_TYPE'])(
    'leaves %s to be a bug',
    (code) => {
      expect(isDatabaseUnavailable(withCode(code))).toBe(false);
    },
  );

  it('takes every error that ends or refuses the connection for a database that is down', () => {
    expect(isDatabaseUnavailable(withCode('55000', { severity: 'FATAL' }))).toBe(true);
    expect(isDatabaseUnavailable(withCode('55000', { severity: 'ERROR' }))).toBe(false);
  });

  it('takes a Unix socket that is not there for a database that is down', () => {
    expect(isDatabaseUnavailable(withCode('ENOENT', { syscall: 'connect' }))).toBe(true);
  });

  it('takes nothing else for one', () => {
    for (const value of [null, undefined, 'ECONNREFUSED', new Error('x'), { code: 'ECONNREFUSED' }]) {
      expect(isDatabaseUnavailable(value)).toBe(false);
    }
  });

  it('ends on a circle of causes', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});

// A negative timeout uses up the margin for the wait for a connection.
const AT_ONCE = -500;

describe('bounded', () => {
  it('gives what the query gives', async () => {
    expect(await bounded(fakeQuery({}, Promise.resolve(7)), 1000)).toBe(7);
    await expect(bounded(fakeQuery({}, Promise.reject(withCode('23505'))), 1000)).rejects.toThrow('23505');
  });

  it('withdraws a query that no connection has taken', async () => {
    const query = fakeQuery(null);
    await expect(bounded(query, AT_ONCE)).rejects.toMatchObject({ name: 'DatabaseTimeout', sent: false });
    expect(query.cancels).toBe(1);
    // A connection that was being opened for it runs this instead, and is free again.
    expect(query).toMatchObject({ cancelled: null, strings: ['SELECT 1'], args: [] });
  });

  it('leaves a query alone that was sent: cancelling could hit its successor', async () => {
    const query = fakeQuery({ pid: 1 });
    await expect(bounded(query, AT_ONCE)).rejects.toMatchObject({ name: 'DatabaseTimeout', sent: true });
    expect(query).toMatchObject({ cancels: 0, strings: ['INSERT'], args: [1] });
  });
});

describe('statementOutcome', () => {
  const sent = fakeQuery({ pid: 1 });
  const waiting = fakeQuery(null);

  it('is none when the query never left', () => {
    expect(statementOutcome(waiting, new DatabaseTimeout(false))).toBe('none');
    expect(statementOutcome(waiting, withCode('ECONNREFUSED'))).toBe('none');
    expect(statementOutcome(waiting, withCode('53300', { severity: 'FATAL' }))).toBe('none');
    // A withdrawn query has a state later, when its connection runs the statement that does nothing.
    expect(statementOutcome(sent, new DatabaseTimeout(false))).toBe('none');
  });

  it('is none when the server answered with an error: the statement was rolled back', () => {
    expect(statementOutcome(sent, withCode('57014', { severity: 'ERROR' }))).toBe('none');
  });

  it('is unknown when a sent query was cut off', () => {
    expect(statementOutcome(sent, new DatabaseTimeout(true))).toBe('unknown');
    expect(statementOutcome(sent, withCode('CONNECTION_CLOSED'))).toBe('unknown');
    expect(statementOutcome(sent, withCode('57P01', { severity: 'FATAL' }))).toBe('unknown');
  });

  it('is a bug otherwise', () => {
    expect(statementOutcome(sent, withCode('23505', { severity: 'ERROR' }))).toBe('bug');
    expect(statementOutcome(sent, new TypeError('x'))).toBe('bug');
  });
});
