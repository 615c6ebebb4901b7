/** A feature of the language, and the smallest definition that uses it: what is claimed of it is tried on that. */
import type { ErrorName } from '../../lib/engine/errors.ts';
import type { CloudEvent, Json } from '../../lib/engine/types.ts';

export interface Feature {
  name: string;
  /** YAML of a definition, `document` first or left out. */
  definition: string;
  /** The version of the language that the definition says it is written in. */
  dsl: string;
  /**
   * Where else it is shown: `ctk: <scenario>`, `examples/<file>`, `examples-main/<file>`, `sdk-go/<file>`, or a path
   * in test/.
   */
  shown: readonly string[];
  note: string;
  /** How the definition ends when it is run. Absent: it is only published. */
  end: { gives: Json } | { faults: ErrorName } | null;
  input: Json;
  secrets: { [name: string]: Json };
  /** Events that arrive, one each time the run waits. */
  events: readonly CloudEvent[];
}

export interface Section {
  title: string;
  features: readonly Feature[];
}

interface Claims {
  /** The output. */
  gives?: Json;
  /** The standard type of the error that ends the run. */
  faults?: ErrorName;
  input?: Json;
  secrets?: { [name: string]: Json };
  events?: readonly CloudEvent[];
  shown?: readonly string[];
  note?: string;
  dsl?: string;
}

/** A feature that is shown by a whole definition. */
export function root(name: string, definition: string, claims: Claims = {}): Feature {
  const {
    gives,
    faults,
    input = null,
    secrets = {},
    events = [],
    shown = [],
    note = '',
    dsl = '1.0.3',
  } = claims;
  const end = gives !== undefined ? { gives } : faults !== undefined ? { faults } : null;
  return { name, definition, dsl, shown, note, end, input, secrets, events };
}

/** A feature that is shown by one task, which is `t`. */
export const task = (name: string, definition: string, claims: Claims = {}): Feature =>
  root(name, `do: [ { t: ${definition} } ]`, claims);
