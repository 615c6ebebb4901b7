/**
 * The specification's conformance kit: every scenario is published and run as its steps say. Outside services are
 * those that come with the kit.
 */
import { describe, expect, it } from 'vitest';
import { isThere, MISSING, readText } from '../support/conformance/directory.ts';
import { kitScenarios } from '../support/conformance/kit.ts';
import { parseFeature } from '../support/conformance/gherkin.ts';
import { play } from '../support/conformance/steps.ts';

const scenarios = kitScenarios();

describe.skipIf(!isThere())('the conformance kit', () => {
  it('has the 21 scenarios that its list names', () => {
    const listed = JSON.parse(readText('ctk/scenarios.json')) as { feature: string; scenario: string }[];
    expect(scenarios).toHaveLength(21);
    const names = (all: { feature: string; name: string }[]) =>
      all.map(({ feature, name }) => `${feature}: ${name}`).sort();
    expect(names(scenarios)).toEqual(names(listed.map(({ feature, scenario: name }) => ({ feature, name }))));
  });

  it.each(scenarios)('$feature: $name', async (scenario) => {
    expect(await play(scenario)).toEqual({ passed: true });
  });
});

describe.skipIf(!isThere())('the steps of a scenario', () => {
  const scenario = (...steps: string[]) => {
    const [first] = parseFeature(['Feature: f', 'Scenario: s', ...steps].join('\n'));
    if (first === undefined) throw new Error('no scenario');
    return first;
  };
  const given = (task: string) => [
    'Given a workflow with definition:',
    '  """yaml',
    "  document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }",
    `  do: [ { x: ${task} }, { y: { set: { a: 1, b: [ 2, 3 ] } } } ]`,
    '  """',
    'When the workflow is executed',
  ];
  const set = given('{ set: { a: 0 } }');

  it('that are not understood fail the scenario by their text', async () => {
    await expect(play(scenario(...set, 'Then the moon should rise'))).rejects.toThrow(
      'the step "the moon should rise" is not understood',
    );
  });

  it.each([
    ['Then the workflow should fault', /did not fault/],
    ["And the workflow output should have properties 'a', 'c'", /has no c/],
    ["And the workflow output should have a 'b' property containing 3 items", /length of b is 2/],
    ['And y should run first', /runs first is "x"/],
    ['And x should run last', /runs last is "y"/],
    ['And x should run after y', /did not run after/],
    ['And z should run before y', /did not run before/],
    [
      'Then the workflow should complete with output:\n"""yaml\na: 1\n"""',
      /the output is \{"a":1,"b":\[2,3\]\}/,
    ],
    ['And the workflow output should have a \'a\' property with value:\n"""yaml\n2\n"""', /a is 1/],
  ])('that are not met fail it: %s', async (step, message) => {
    await expect(play(scenario(...set, step))).rejects.toThrow(message);
  });

  it('that expect another error fail it, and so does a workflow that did not complete', async () => {
    const raise = given('{ raise: { error: { type: "https://x.y/e", status: 418 } } }');
    const fault = 'Then the workflow should fault with error:\n"""yaml\nstatus: 400\n"""';
    await expect(play(scenario(...raise, fault))).rejects.toThrow(/status is 418/);
    await expect(play(scenario(...raise, 'Then the workflow should complete'))).rejects.toThrow(
      /did not complete/,
    );
  });

  it('that call a service nobody stands in for fail it by the URL', async () => {
    const call = given('{ call: http, with: { method: get, endpoint: "https://x.y/unknown" } }');
    await expect(play(scenario(...call, 'Then the workflow should fault'))).rejects.toThrow(
      'nothing stands in for GET https://x.y/unknown',
    );
  });
});

it.skipIf(isThere())('needs ../shared/conformance', () => expect.fail(MISSING));
