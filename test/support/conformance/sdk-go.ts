/** The workflows that the Go SDK is tested with, and what Vespid says to those that are not of the language. */
import { isThere, readText } from './directory.ts';
import type { Json } from '../../../lib/engine/types.ts';

export interface SdkCase {
  file: string;
  test: string;
  /** `spec`: the language says so. The others are what the Go SDK does. */
  solid: 'spec' | 'reference' | 'nonconformant';
  input: Json;
  expectedOutput?: Json;
  expectedError?: { [member: string]: Json };
  /** What the Go SDK gives where it leaves the language. */
  referenceOutput?: Json;
}

/** Where the Go SDK runs what the language does not have: the path and the message at publish. */
export const REFUSED: Readonly<Record<string, { path: string; message: RegExp; reason: string }>> = {
  'concatenating_strings.yaml': {
    path: '/do/2/task3/set/fullName',
    message: /in jq, strings stand in double quotes/,
    reason: 'strings in single quotes are not jq; the Go SDK rewrites them',
  },
  'conditional_logic.yaml': {
    path: '/do/1/task2/set/weather',
    message: /in jq, strings stand in double quotes/,
    reason: 'strings in single quotes are not jq',
  },
  'conditional_logic_input_from.yaml': {
    path: '/do/0/task2/set/weather',
    message: /in jq, strings stand in double quotes/,
    reason: 'strings in single quotes are not jq',
  },
  'set_tasks_invalid_then.yaml': {
    path: '/do/0/task1/then',
    message: /`nonExistentTask`/,
    reason: '`then` names a task that is not there; the Go SDK ends the run without a word',
  },
  'raise_undefined_reference.yaml': {
    path: '/do/0/missingError/raise/error',
    message: /`UndefinedError`/,
    reason: 'the error is not in `use.errors`; the Go SDK finds out when it runs',
  },
};

/** Run as the language has it, to another output than the Go SDK's. */
export const OTHER_OUTPUT: Readonly<Record<string, string>> = {
  'for_nested_loops.yaml':
    'the Go SDK takes `$input` for the input of the workflow; it is that of the task, so that the second round has no colors',
};

export const sdkCases = (): SdkCase[] =>
  isThere() ? (JSON.parse(readText('sdk-go/index.json')) as { entries: SdkCase[] }).entries : [];
