/**
 * Where the engine differs from jq 1.8, and why. Each entry is run: `jq` is what jq gives, and the engine must give
 * something else, so that the list stays true. An entry with a program and input of the conformance data takes that
 * case out of the ones that must pass.
 */
export interface Deviation {
  program: string;
  /** JSON text, as jq reads it. */
  input: string;
  /** jq's outputs as JSON text. */
  jq: string[];
  reason: string;
}

const LINEAR_REGEX =
  'regular expressions run in linear time (RE2), which has no look-around and no back-references';

export const DEVIATIONS: readonly Deviation[] = [
  { program: 'gsub("(?=u)"; "u")', input: '"qux"', jq: ['"quux"'], reason: LINEAR_REGEX },
  { program: 'test("(a)\\\\1")', input: '"aa"', jq: ['true'], reason: LINEAR_REGEX },
  { program: 'test("a++b")', input: '"aab"', jq: ['true'], reason: LINEAR_REGEX },
  {
    program: '[match(".+?\\\\b").length]',
    input: '"a\\u0304 x"',
    jq: ['[2]'],
    reason: 'RE2 finds word boundaries between ASCII characters only',
  },
  {
    program: 'test("b$")',
    input: '"ab\\n"',
    jq: ['true'],
    reason: 'RE2 takes `$` as the end of the text, not the place before a last newline',
  },
  {
    program: 'keys_unsorted',
    input: '{"b": 1, "2": 2, "1": 3}',
    jq: ['["b", "2", "1"]'],
    reason: 'JavaScript objects hold keys that are small integers first and in their order',
  },
  {
    program: '[limit(1; 1, error("late"))], error("later")',
    input: 'null',
    jq: ['[1]'],
    reason: 'a run gives all its outputs or its error, never outputs and then an error',
  },
  { program: '$ENV | type', input: 'null', jq: ['"object"'], reason: 'programs do not see the process' },
  {
    program: 'input_line_number',
    input: 'null',
    jq: ['1'],
    reason: 'programs have one input, which is no file',
  },
];
