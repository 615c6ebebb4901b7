/** Which events a subscription follows: types in full, or with `*` at their end. */

/** What the types of all lifecycle events begin with (DSL reference, Lifecycle Events). */
export const LIFECYCLE_PREFIX = 'io.serverlessworkflow.';

/** Whether the text is a type in full, or the beginning of one and `*`. */
export const isTypePattern = (text: string): boolean => /^[^*]*\*?$/.test(text) && text !== '';

/** Whether one of these patterns can match the type of a lifecycle event. */
export const followsLifecycle = (patterns: readonly string[]): boolean =>
  patterns.some((pattern) => {
    if (!pattern.endsWith('*')) return pattern.startsWith(LIFECYCLE_PREFIX);
    const beginning = pattern.slice(0, -1);
    return beginning.startsWith(LIFECYCLE_PREFIX) || LIFECYCLE_PREFIX.startsWith(beginning);
  });
