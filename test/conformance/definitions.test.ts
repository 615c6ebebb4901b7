/**
 * The definitions that others wrote: those of the supported subset are accepted, the rest is refused at the
 * right places. Which is which was worked out by hand; a file that is in no table fails the test.
 */
import { describe, expect, it } from 'vitest';
import { compileWorkflow } from '../../lib/dsl/compile.ts';
import { parseDefinition } from '../../lib/dsl/parse.ts';
import { validateDefinition } from '../../lib/dsl/validate.ts';
import type { Json } from '../../lib/jq/index.ts';
import { filesIn, isThere, MISSING, readText } from '../support/conformance/directory.ts';

const LIMITS = { maxBytes: 256 << 10 };

/** Pointers of the errors that a definition must have; none: it is accepted. */
type Expected = Record<string, string[]>;

const container = ['/do/0/runContainer/run/container'];
const ASYNCAPI = ['/do/0/getNotifications/call'];

const EXAMPLES: Expected = {
  'accumulate-room-readings.yaml': [],
  'authentication-bearer-uri-format.yaml': [],
  'authentication-bearer.yaml': [],
  'authentication-oauth2-secret.yaml': [],
  'authentication-oauth2.yaml': [],
  'authentication-oidc-secret.yaml': [],
  'authentication-oidc.yaml': [],
  'authentication-reusable.yaml': [],
  'call-asyncapi-publish.yaml': ['/do/0/findPet/call'],
  'call-asyncapi-subscribe-consume-amount.yaml': ASYNCAPI,
  'call-asyncapi-subscribe-consume-forever-foreach.yaml': ASYNCAPI,
  'call-asyncapi-subscribe-consume-until.yaml': ASYNCAPI,
  'call-asyncapi-subscribe-consume-while.yaml': ASYNCAPI,
  'call-custom-function-cataloged.yaml': ['/do/0/log/call'],
  'call-custom-function-inline.yaml': [],
  // Its proto is a file.
  'call-grpc.yaml': ['/do/0/greet/with/proto/endpoint'],
  'call-http-endpoint-interpolation-shorthand.yaml': [],
  'call-http-endpoint-interpolation.yaml': [],
  'call-http-query-headers-expressions.yaml': [],
  'call-http-query-parameters.yaml': [],
  'call-http-redirect.yaml': [],
  'call-mcp.yaml': ['/do/0/publishMessageToSlack/with/transport/stdio'],
  'call-openapi-redirect.yaml': [],
  'call-openapi.yaml': [],
  'conditional-task.yaml': [],
  'do-multiple.yaml': [],
  'do-single.yaml': [],
  'emit.yaml': [],
  'for.yaml': [],
  'fork.yaml': [],
  'listen-to-all read-envelope.yaml': [],
  'listen-to-all.yaml': [],
  'listen-to-any-filter.yaml': [],
  'listen-to-any-forever-foreach.yaml': [],
  'listen-to-any-until-condition.yaml': [],
  'listen-to-any-until-consumed.yaml': [],
  'listen-to-any.yaml': [],
  'listen-to-one.yaml': [],
  'mock-service-extension.yaml': [],
  'raise-inline.yaml': [],
  'raise-reusable.yaml': [],
  'run-container-cleanup-always.yaml': container,
  'run-container-cleanup-eventually.yaml': container,
  'run-container-stdin-and-arguments.yaml': ['/do/1/runContainer/run/container'],
  'run-container-with-name.yaml': container,
  'run-container-with-pull-policy.yaml': container,
  'run-container.yaml': container,
  'run-return-all.yaml': container,
  'run-return-code.yaml': container,
  'run-return-none.yaml': container,
  'run-return-stderr.yaml': container,
  'run-script-with-stdin-and-arguments.yaml': ['/do/0/runScript/run/script'],
  'run-shell-stdin-and-arguments.yaml': ['/do/1/runShell/run/shell'],
  'run-subflow.yaml': [],
  'schedule-cron.yaml': [],
  'schedule-event-driven.yaml': [],
  'set-expression.yaml': [],
  'set.yaml': [],
  'star-wars-homeworld.yaml': [],
  'switch-then-string.yaml': [],
  'try-catch-retry-inline.yaml': [],
  'try-catch-retry-reusable.yaml': [],
  'try-catch-then.yaml': [],
  'try-catch.yaml': [],
  'wait-duration-inline.yaml': [],
  'wait-duration-iso8601.yaml': [],
};

const EXAMPLES_MAIN: Expected = {
  'call-asyncapi-subscribe-consume-forever-foreach.yaml': ASYNCAPI,
  'for-inline-array.yaml': [],
  'run-script-with-stdin-and-arguments.yaml': ['/do/0/runScript/run/script'],
  'try-catch-retry-inline.yaml': [],
  'try-catch-retry-reusable.yaml': [],
  'try-catch-then-directive.yaml': [],
  'try-catch-then.yaml': [],
  'try-catch.yaml': [],
};

const SDK_GO: Expected = {
  'chained_set_tasks.yaml': [],
  // Strings in single quotes, which are not jq.
  'concatenating_strings.yaml': ['/do/2/task3/set/fullName'],
  'conditional_logic.yaml': ['/do/1/task2/set/weather'],
  'conditional_logic_input_from.yaml': ['/do/0/task2/set/weather'],
  'for_colors.yaml': [],
  'for_nested_loops.yaml': [],
  'for_sum_numbers.yaml': [],
  'fork_simple.yaml': [],
  'raise_conditional.yaml': [],
  'raise_error_with_input.yaml': [],
  'raise_inline.yaml': [],
  'raise_reusable.yaml': [],
  'raise_undefined_reference.yaml': ['/do/0/missingError/raise/error'],
  'sequential_set_colors.yaml': [],
  'sequential_set_colors_output_as.yaml': [],
  'set_tasks_invalid_then.yaml': ['/do/0/task1/then'],
  'set_tasks_with_termination.yaml': [],
  'set_tasks_with_then.yaml': [],
  'switch_match.yaml': [],
  'switch_with_default.yaml': [],
  'task_export_schema.yaml': [],
  'task_input_schema.yaml': [],
  'task_output_schema.yaml': [],
  'task_output_schema_with_dynamic_value.yaml': [],
  'workflow_input_schema.yaml': [],
};

function read(folder: string, file: string): Json {
  const parsed = parseDefinition(readText(`${folder}/${file}`), 'yaml', LIMITS);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.definition;
}

/** Pointers of all errors, sorted. What is accepted must also compile. */
function errorPointers(definition: Json): string[] {
  const { errors } = validateDefinition(definition);
  if (errors.length === 0) compileWorkflow(definition);
  return errors.map((error) => error.path).sort();
}

describe.each([
  ['examples', EXAMPLES],
  ['examples-main', EXAMPLES_MAIN],
  ['sdk-go', SDK_GO],
] as const)('%s', (folder, expected) => {
  it('has no file that the table does not know', (context) => {
    if (!isThere()) context.skip(MISSING);
    expect(filesIn(folder, '.yaml')).toEqual(Object.keys(expected).sort());
  });

  it.for(Object.entries(expected))('%s: errors at %j', ([file, paths], context) => {
    if (!isThere()) context.skip(MISSING);
    expect(errorPointers(read(folder, file))).toEqual([...paths].sort());
  });
});

describe('what an example has beyond the supported subset', () => {
  it.for(Object.entries({ ...EXAMPLES, ...EXAMPLES_MAIN }).filter(([, paths]) => paths.length > 0))(
    '%s: is refused as not supported at %j',
    ([file], context) => {
      if (!isThere()) context.skip(MISSING);
      const { errors } = validateDefinition(read(file in EXAMPLES ? 'examples' : 'examples-main', file));
      expect(errors.map(({ kind }) => kind)).toEqual(errors.map(() => 'unsupported'));
      for (const { message } of errors) expect(message).toMatch(/not supported/);
    },
  );
});

describe('the conformance kit', () => {
  it('is accepted', (context) => {
    if (!isThere()) context.skip(MISSING);
    const scenarios = JSON.parse(readText('ctk/scenarios.json')) as {
      scenario: string;
      definition: Json;
      definitionYaml: string;
    }[];
    expect(scenarios).toHaveLength(21);
    for (const { scenario, definition, definitionYaml } of scenarios) {
      expect(parseDefinition(definitionYaml, 'yaml', LIMITS)).toMatchObject({ ok: true, definition });
      expect([scenario, errorPointers(definition)]).toEqual([scenario, []]);
    }
  });
});

describe('invalid definitions', () => {
  it.for([
    ['extra-property-in-call.yaml', '/do/0/getPet/foo', /^unknown property `foo`/],
    ['two-tasks-in-one-item.yaml', '/do/0', /^the task item has 2 keys, `getPet` and `setMessage`/],
  ] as const)('%s is refused at %s', ([file, pointer, message], context) => {
    if (!isThere()) context.skip(MISSING);
    expect(validateDefinition(read('invalid', file)).errors).toEqual([
      { kind: 'shape', path: pointer, message: expect.stringMatching(message) as string },
    ]);
  });

  it('listen-any-until-any-until.yaml is refused: it has the key `do` twice', (context) => {
    if (!isThere()) context.skip(MISSING);
    const text = readText('invalid/listen-any-until-any-until.yaml');
    expect(parseDefinition(text, 'yaml', LIMITS)).toMatchObject({
      ok: false,
      code: 'INVALID_YAML',
      message: expect.stringMatching(/^line 7, column 1: the key "do" stands twice/) as string,
    });
  });
});

it.skipIf(isThere())('the conformance data is there', () => expect.fail(MISSING));
