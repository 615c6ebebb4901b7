import { describe, expect, it } from 'vitest';
import { FakePorts } from '../../support/engine-ports.ts';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { failure, output, run, RUN_ID } from '../../support/engine-run.ts';

const emit = (properties: string, more = ''): string =>
  `do: [ { e: { emit: { event: { with: ${properties} } }${more} } } ]`;

describe('an event that is emitted', () => {
  it('has what the task says, evaluated, and is the output', async () => {
    const ports = new FakePorts();
    const { outcome } = await run(
      emit(
        '{ id: i, source: "https://x.y", type: "${ .type }", time: "2026-01-31T12:00:00Z", subject: s, datacontenttype: text/plain, dataschema: "https://x.y/s", roomid: 5, data: "${ .text }" }',
      ),
      { ports, input: { type: 'a.b', text: 'hi' } },
    );
    const event = {
      specversion: '1.0',
      id: 'i',
      source: 'https://x.y',
      type: 'a.b',
      time: '2026-01-31T12:00:00Z',
      subject: 's',
      datacontenttype: 'text/plain',
      dataschema: 'https://x.y/s',
      roomid: 5,
      data: 'hi',
    };
    expect(outcome).toEqual({ kind: 'succeeded', output: event });
    expect(ports.events.world.events).toEqual([event]);
  });

  it('has the step for its id, the workflow for its source and the time for its time', async () => {
    expect(await output(emit('{ type: a, data: { x: 1 } }'))).toEqual({
      specversion: '1.0',
      id: `${RUN_ID}/do/0/e`,
      source: '/test/test',
      type: 'a',
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { x: 1 },
    });
  });

  it('without data has no type of data; attributes that are null are absent', async () => {
    const event = await output(emit('{ type: a, subject: "${ null }", time: "${ null }" }'));
    expect(event).toEqual({
      specversion: '1.0',
      id: `${RUN_ID}/do/0/e`,
      source: '/test/test',
      type: 'a',
      time: '2026-01-01T00:00:00.000Z',
    });
  });

  it('in a deep place has a short id of its own', async () => {
    const name = 'n'.repeat(600);
    const text = `do: [ { ${name}: { emit: { event: { with: { type: a } } } } }, { ${name}2: { emit: { event: { with: { type: a } } } } } ]`;
    const ports = new FakePorts();
    await run(text, { ports });
    const ids = ports.events.world.events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(new RegExp(`^${RUN_ID}/[0-9a-f]{64}$`));
  });

  it.each([
    ['{ type: "${ 5 }" }', 'Its attribute "type" must be a text.'],
    ['{ type: "${ null }" }', 'It has no `type`.'],
    ['{ type: a, room: "${ [1] }" }', 'Its attribute "room" must be a text, a whole number, true or false.'],
    ['{ type: a, room: "${ 0.5 }" }', 'must be a whole number from -2147483648'],
    ['{ type: a, room: "${ "" }" }', 'Its attribute "room" must not be empty.'],
    ['{ type: a, source: "${ "a b" }" }', 'Its attribute "source" must be a URI-reference'],
    ['{ type: a, dataschema: "${ "x" }" }', 'Its attribute "dataschema" must be an absolute URI'],
    ['{ type: a, time: "${ "noon" }" }', 'Its attribute "time" must be a time such as'],
    ['{ type: a, datacontenttype: "${ "x" }" }', 'Its attribute "datacontenttype" must be a media type'],
    ['{ type: a, subject: "${ "a\\u0000" }" }', 'must not have control characters'],
    ['{ type: a, data: "${ "x" * 1100000 }" }', 'It has more than 1048576 bytes.'],
  ])('must be one of CloudEvents 1.0: %s', async (properties, problem) => {
    const ports = new FakePorts();
    const { error } = await failure(emit(properties.replaceAll(/"(\$\{.*?\})"/g, "'$1'")), { ports });
    expect(error).toMatchObject({ status: 400, title: 'Validation error', instance: '/do/0/e' });
    expect(error.detail).toContain(problem);
    expect(ports.events.world.events).toEqual([]);
  });

  it('is stored once and is the same, whenever the process dies', async () => {
    const text = `
      do:
        - loop:
            for: { in: '\${ [1, 2] }' }
            do: [ { e: { emit: { event: { with: { type: a, data: '\${ $item }' } } } } } ]
        - wait: { wait: PT5S }
        - last: { emit: { event: { with: { type: b } } } }`;
    const { outcome, events } = await expectSameFromEveryMoment(text);
    expect(outcome.kind).toBe('succeeded');
    expect(events.events.map(({ type, data = null }) => [type, data])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', null],
    ]);
  });
});
