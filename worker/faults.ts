/** Errors of the DSL that the worker itself raises, outside any task. */
import { standardError } from '../lib/engine/errors.ts';
import type { DslError } from '../lib/engine/types.ts';

/** Of each text in an error, where many errors are kept or logged. */
const MAX_TEXT = 500;

/** A runtime error of the whole run: its instance is the run's root. */
export const runtimeFault = (detail: string): DslError => standardError('runtime', detail, '/');

/** What the run has to keep is larger than MAX_RUN_STATE_BYTES (contract, section 6). */
export const stateFault = (what: 'state' | 'output' | 'error', maxBytes: number): DslError =>
  runtimeFault(
    `the run's ${what} is larger than ${maxBytes} bytes (MAX_RUN_STATE_BYTES), or nested too deeply`,
  );

const shorten = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

/** The error with its texts cut: what an author raises has no bound. */
export function briefError({ type, status, title, detail, instance }: DslError): DslError {
  const texts = { type: shorten(type), title: shorten(title), instance: shorten(instance) };
  return { ...texts, status, ...(detail !== undefined && { detail: shorten(detail) }) };
}
