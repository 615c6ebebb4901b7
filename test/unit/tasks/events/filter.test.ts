import { describe, expect, it } from 'vitest';
import type { CloudEvent, Json, ListenFilter } from '../../../../lib/engine/types.ts';
import {
  canonicalText,
  compileListenFilter,
  correlationValue,
  knownCorrelations,
  literalType,
} from '../../../../lib/tasks/events/filter.ts';

const EVENT: CloudEvent = {
  specversion: '1.0',
  id: '1',
  source: 'https://shop.example/orders',
  type: 'order.placed',
  subject: 'order-17',
  level: 5,
  urgent: true,
  data: { amount: 7, tags: ['a', 'b'], customer: { name: 'Ada' } },
};
const matches = (attributes: { [name: string]: Json }, event: CloudEvent = EVENT): boolean =>
  compileListenFilter({ with: attributes, correlate: {} }).matches(event, 0);
const correlates = (correlate: ListenFilter['correlate'], event: CloudEvent = EVENT): boolean =>
  compileListenFilter({ with: {}, correlate }).matches(event, 0);

describe('an event filter', () => {
  it.each<[{ [name: string]: Json }, boolean]>([
    [{}, true],
    [{ type: 'order.placed' }, true],
    [{ type: 'order.cancelled' }, false],
    [{ type: 'order.placed', subject: 'order-18' }, false],
    [{ type: 'order.placed', subject: 'order-17' }, true],
    [{ missing: 'x' }, false],
  ])('wants every attribute to be equal: %j', (attributes, is) => {
    expect(matches(attributes)).toBe(is);
  });

  it.each<[{ [name: string]: Json }, boolean]>([
    [{ type: 'order\\..*' }, true],
    [{ type: 'order|payment' }, false],
    [{ type: 'rder\\.place' }, false],
    [{ type: '(order|payment)\\.placed' }, true],
    [{ source: 'https://[a-z.]+/orders' }, true],
    [{ subject: 'order-\\d+' }, true],
    [{ id: '[0-9]' }, false],
  ])('takes text of type, source and subject for a regular expression of the whole: %j', (attributes, is) => {
    expect(matches(attributes)).toBe(is);
  });

  it('takes a dot in a type for itself, so that the type can be looked up', () => {
    expect(matches({ type: 'order.placed' }, { ...EVENT, type: 'orderXplaced' })).toBe(false);
  });

  it('takes text that is no regular expression for itself, and none can break out of its anchors', () => {
    expect(matches({ type: 'a(b' }, { ...EVENT, type: 'a(b' })).toBe(true);
    expect(matches({ type: 'a)|(.*' }, { ...EVENT, type: 'anything' })).toBe(false);
    expect(matches({ subject: 'order-17+' }, { ...EVENT, subject: 'order-17+' })).toBe(true);
  });

  it.each<[{ [name: string]: Json }, boolean]>([
    [{ data: '${ .amount > 5 }' }, true],
    [{ data: '${ .amount > 9 }' }, false],
    [{ data: '${ .missing }' }, false],
    [{ data: '${ .customer }' }, true],
    [{ type: '${ startswith("order.") }' }, true],
    [{ type: '${ "order.placed" }' }, true],
    [{ type: '${ "order.cancelled" }' }, false],
    [{ level: '${ . > 4 }' }, true],
    [{ level: '${ 2 + 3 }' }, true],
    [{ missing: '${ . == null }' }, true],
  ])('asks an expression about the value: %j', (attributes, is) => {
    expect(matches(attributes)).toBe(is);
  });

  it.each<[{ [name: string]: Json }, boolean]>([
    [{ data: { amount: 7, customer: { name: 'Ada' }, tags: ['a', 'b'] } }, true],
    [{ data: { amount: 7 } }, false],
    [{ data: { amount: '${ .amount }', tags: ['a', 'b'], customer: '${ .customer }' } }, true],
    [{ level: 5 }, true],
    [{ level: '5' }, true],
    [{ level: 6 }, false],
    [{ urgent: true }, true],
    [{ urgent: 'true' }, true],
  ])('compares data in depth, and attributes as text: %j', (attributes, is) => {
    expect(matches(attributes)).toBe(is);
  });

  it('looks at the base64 of binary data', () => {
    const { data: _, ...event } = EVENT;
    expect(matches({ data: '${ @base64d == "hi" }' }, { ...event, data_base64: 'aGk=' })).toBe(true);
  });

  it.each([
    '${ .a.b.c }',
    '${ error("x") }',
    '${ last(range(1e9)) }',
    '${ [limit(1e7; repeat("x"))] | length }',
  ])('does not match when an expression fails or meets a limit: %s', (data) => {
    expect(matches({ data }, { ...EVENT, data: 'text' })).toBe(false);
  });

  it('that does not parse, or names variables, matches nothing', () => {
    expect(matches({ data: '${ .x + }' })).toBe(false);
    expect(matches({ data: '${ $input.x }' })).toBe(false);
  });

  it('wants every correlation to give a value, and the known ones to give that', () => {
    expect(correlates({ name: { from: '.data.customer.name' } })).toBe(true);
    expect(correlates({ name: { from: '${ .data.customer.name }', expect: 'Ada' } })).toBe(true);
    expect(correlates({ name: { from: '.data.customer.name', expect: 'Bob' } })).toBe(false);
    expect(correlates({ name: { from: '.data.missing' } })).toBe(false);
    expect(correlates({ name: { from: '.data.missing', expect: null } })).toBe(false);
    expect(correlates({ one: { from: '.subject' }, two: { from: '.type', expect: 'x' } })).toBe(false);
  });
});

describe('what listeners are looked up by', () => {
  const filter = (type: Json): ListenFilter => ({ with: { type }, correlate: {} });

  it('is the type, when only one will do', () => {
    expect(literalType(filter('order.placed'))).toBe('order.placed');
    for (const type of ['order.*', 'a|b', '${ "x" }', 'a\\.b', '^a'])
      expect(literalType(filter(type))).toBeNull();
    expect(literalType({ with: { source: 'x' }, correlate: {} })).toBeNull();
  });

  it('is the value of a correlation, when it is known', () => {
    const known = knownCorrelations({
      with: {},
      correlate: { a: { from: '.x', expect: { b: 1 } }, c: { from: '.y' } },
    });
    expect(known).toEqual([{ from: '.x', value: { b: 1 } }]);
    expect(correlationValue('.data.customer', EVENT, 0)).toEqual({ name: 'Ada' });
    expect(correlationValue('.data.missing', EVENT, 0)).toBeUndefined();
    expect(correlationValue('.data | error', EVENT, 0)).toBeUndefined();
    expect(correlationValue('.data +', EVENT, 0)).toBeUndefined();
    expect(correlationValue('now', EVENT, 5000)).toBe(5);
  });

  it('has one text for equal values', () => {
    expect(canonicalText({ b: [1, { d: null, c: 'x' }], a: -0 })).toBe('{"a":0,"b":[1,{"c":"x","d":null}]}');
    expect(canonicalText({ a: 0, b: [1, { c: 'x', d: null }] })).toBe(
      canonicalText({ b: [1, { d: null, c: 'x' }], a: 0 }),
    );
    expect(canonicalText('1')).not.toBe(canonicalText(1));
  });
});
