/** Errors of the DSL that the worker itself raises, outside any task. */
import { standardError } from '../lib/engine/errors.ts';
import type { DslError } from '../lib/engine/types.ts';

/** A runtime error of the whole run: its instance is the run's root. */
export const runtimeFault = (detail: string): DslError => standardError('runtime', detail, '/');
