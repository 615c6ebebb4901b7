/** `input`, `output` and `export`: what they share. */
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import type { Stage } from './expressions.ts';
import { asObject, at, checkMembers, get } from './shape.ts';
import { unsupportedSchema } from './unsupported.ts';

/** `input`, `output` or `export` of a task or of the workflow. */
export function checkTransform(
  { report, expressions }: Context,
  value: Json,
  where: {
    path: string;
    name: string;
    key: 'from' | 'as';
    stage: Stage;
    locals: readonly string[];
  },
): void {
  const { path, name, key, stage, locals } = where;
  const object = asObject(report, value, path, `\`${name}\``);
  if (object === null) return;
  checkMembers(report, object, path, { of: `\`${name}\``, known: ['schema', key] });
  unsupportedSchema(report, object, path, name);
  const transform = get(object, key);
  if (transform !== undefined) {
    expressions.transform(transform, at(path, key), stage, locals, `\`${name}.${key}\``);
  }
}
