/** Nodes that build a value from their parts: arrays, objects and string templates. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { setMember, typeName } from './json.ts';
import { shortText } from './json-text.ts';
import { ELEMENT_BYTES, HEADER_BYTES, MEMBER_BYTES } from './limits.ts';
import type { Direct, Machine, Node } from './machine.ts';
import { directNode, eachCombination, heightOver, makeNode } from './node.ts';
import { lengthen } from './operators.ts';

/** `[body]` */
export function collect(body: Node): Node {
  const { each } = body;
  const append = (machine: Machine, items: Json[], value: Json): void => {
    machine.meter.charge(ELEMENT_BYTES);
    items.push(value);
  };
  const direct: Direct | null =
    each === null
      ? null
      : (machine, input, env) => {
          const items: Json[] = [];
          machine.meter.charge(HEADER_BYTES);
          each(machine, input, env, (value) => {
            append(machine, items, value);
            return false;
          });
          return items;
        };
  return makeNode({
    direct,
    step: (machine, input, path, env, next) => {
      if (direct !== null) {
        machine.deliver(next, direct(machine, input, env) ?? null, path);
        return;
      }
      const items: Json[] = [];
      machine.meter.charge(HEADER_BYTES);
      machine.fork(() => machine.deliver(next, items, path));
      const onValue = machine.onOutput(next, (value) => {
        append(machine, items, value);
        machine.fail();
      });
      body.step(machine, input, null, env, onValue);
    },
    height: heightOver(body),
  });
}

function put(machine: Machine, target: JsonObject, key: Json, value: Json): void {
  if (typeof key !== 'string') fail(`Cannot use ${typeName(key)} (${shortText(key)}) as object key`);
  machine.meter.charge(MEMBER_BYTES);
  setMember(target, key, value);
}

function objectDirect(entries: readonly { key: Node; value: Node }[]): Direct | null {
  const parts: { key: Direct; value: Direct }[] = [];
  for (const { key, value } of entries) {
    if (key.direct === null || value.direct === null) return null;
    parts.push({ key: key.direct, value: value.direct });
  }
  return (machine, input, env) => {
    const target: JsonObject = {};
    machine.meter.charge(HEADER_BYTES);
    for (const part of parts) {
      const key = part.key(machine, input, env);
      if (key === undefined) return undefined;
      const value = part.value(machine, input, env);
      if (value === undefined) return undefined;
      put(machine, target, key, value);
    }
    return target;
  };
}

/** `{key: value, …}`; of several outputs the first member varies slowest. */
export function object(entries: readonly { key: Node; value: Node }[]): Node {
  const nodes = entries.flatMap(({ key, value }) => [key, value]);
  const direct = objectDirect(entries);
  if (direct !== null) return directNode(direct, heightOver(...nodes));
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, nodes, input, env, next, (found) => {
        const target: JsonObject = {};
        machine.meter.charge(HEADER_BYTES);
        for (let index = 0; index + 1 < found.length; index += 2) {
          put(machine, target, found[index] ?? null, found[index + 1] ?? null);
        }
        machine.deliver(next, target, path);
      });
    },
    height: heightOver(...nodes),
  });
}

/** A string template: text and the formatted outputs of nodes. */
export function template(
  parts: readonly (string | Node)[],
  format: (machine: Machine, value: Json) => string,
): Node {
  const nodes = parts.filter((part) => typeof part !== 'string');
  const join = (machine: Machine, found: readonly Json[]): string => {
    let text = '';
    let used = 0;
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : format(machine, found[used++] ?? null);
      text = text === '' ? piece : lengthen(text, piece, machine.meter);
    }
    return text;
  };
  const directs = nodes.map((node) => node.direct).filter((direct) => direct !== null);
  if (directs.length === nodes.length) {
    const direct: Direct = (machine, input, env) => {
      const found: Json[] = [];
      for (const part of directs) {
        const value = part(machine, input, env);
        if (value === undefined) return undefined;
        found.push(value);
      }
      return join(machine, found);
    };
    return directNode(direct, heightOver(...nodes));
  }
  const reversed = nodes.toReversed();
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, reversed, input, env, next, (found) => {
        machine.deliver(next, join(machine, found.reverse()), path);
      });
    },
    height: heightOver(...nodes),
  });
}
