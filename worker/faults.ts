/** Errors of the DSL that the worker itself raises, outside any task. */
import { standardError } from '../lib/engine/errors.ts';
import type { DslError } from '../lib/engine/types.ts';
import { redactError, type Redactor } from '../lib/secrets/redact.ts';

/** Of each text in an error, where many errors are kept or logged. */
const MAX_TEXT = 500;

/** A runtime error of the whole run: its instance is the run's root. */
export const runtimeFault = (detail: string): DslError => standardError('runtime', detail, '/');

/** What the run has to keep is larger than MAX_RUN_STATE_BYTES (contract, section 6). */
export const stateFault = (what: 'state' | 'output' | 'error', maxBytes: number): DslError =>
  runtimeFault(
    `the run's ${what} is larger than ${maxBytes} bytes (MAX_RUN_STATE_BYTES), or nested too deeply`,
  );

/** Of each text in the error of a run: to look for secrets in megabytes takes seconds. */
const MAX_RUN_TEXT = 16_384;

/** A run's error with its secrets masked, as it is stored and answered. */
export const runError = (error: DslError, redactor: Redactor): DslError =>
  redactError(redactor, error, MAX_RUN_TEXT);

/** The error with its secrets masked and its texts cut: what an author raises has no bound. */
export const briefError = (error: DslError, redactor: Redactor): DslError =>
  redactError(redactor, error, MAX_TEXT);
