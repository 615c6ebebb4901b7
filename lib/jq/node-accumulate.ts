/**
 * Folds that change their state in place. A state made inside `reduce` belongs to the fold alone as long as the
 * update only adds to it and the added value comes from elsewhere; copying it each time would cost its square.
 */
import type { Json } from './json.ts';
import { isObject, setMember } from './json.ts';
import { ELEMENT_BYTES, MEMBER_BYTES } from './limits.ts';
import type { Direct, Environment, Locate, Machine } from './machine.ts';
import { Draft } from './node-update.ts';
import type { Combine } from './node-update.ts';
import { add, lengthen } from './operators.ts';

/** A state under way; `step` takes in what one value of the source bound. */
interface Accumulator {
  step: (environment: Environment | null) => void;
  value: () => Json;
}

export type StartAccumulator = (machine: Machine, initial: Json) => Accumulator;

/** Adds to a container that the fold owns; false when it is no such pair of containers. */
function extend(machine: Machine, state: Json, value: Json): boolean {
  if (Array.isArray(state) && Array.isArray(value)) {
    machine.meter.charge(value.length * ELEMENT_BYTES);
    for (const item of value) state.push(item);
    return true;
  }
  if (!isObject(state) || !isObject(value)) return false;
  for (const key of Object.keys(value)) {
    machine.meter.charge(MEMBER_BYTES);
    setMember(state, key, value[key] ?? null);
  }
  return true;
}

/** `reduce … (initial; . + value)` where `value` has nothing of the state. */
export function appending(value: Direct): StartAccumulator {
  return (machine, initial) => {
    let state = initial;
    let owned = false;
    return {
      step: (environment) => {
        const added = value(machine, null, environment);
        if (added === undefined) {
          state = null;
          owned = false;
        } else if (typeof state === 'string' && typeof added === 'string') {
          state = lengthen(state, added, machine.meter);
        } else if (!owned || !extend(machine, state, added)) {
          const sum = add(state, added, machine.meter);
          // A sum with null or an empty array is the other operand itself.
          owned = sum !== state && sum !== added;
          state = sum;
        }
      },
      value: () => state,
    };
  };
}

/** `reduce … (initial; path = value)` and its kin where `value` has nothing of the state. */
export function updating(locate: Locate, value: Direct, combine: Combine): StartAccumulator {
  return (machine, initial) => {
    const draft = new Draft(machine, initial);
    return {
      step: (environment) => {
        const operand = value(machine, null, environment);
        const keys = operand === undefined ? undefined : locate(machine, draft.value, environment);
        if (operand === undefined || keys === undefined) {
          draft.replace(operand === undefined ? null : draft.value);
          return;
        }
        const after = combine(machine, draft.read(keys), operand);
        draft.write(keys, after ?? null);
      },
      value: () => draft.value,
    };
  };
}
