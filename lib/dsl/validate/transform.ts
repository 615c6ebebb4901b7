/** `input`, `output` and `export`: what they share. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import type { Stage } from './expressions.ts';
import { checkSchema } from './schema.ts';
import { asObject, checkObject, type MemberCheck } from './shape.ts';

/** The check of `input`, `output` or `export` of a task or of the workflow. */
export function transformIn(
  context: Context,
  key: 'from' | 'as',
  stage: Stage,
  locals: readonly string[],
): MemberCheck {
  return (value, path, name) => {
    const { report, expressions } = context;
    const object = asObject(report, value, path, name);
    if (object === null) return;
    const plain = name.replaceAll('`', '');
    checkObject(report, object, path, {
      of: name,
      members: {
        schema: (schema, schemaPath) => checkSchema(context, schema, schemaPath, `\`${plain}.schema\``),
        [key]: (transform: Json, transformPath: string) => {
          if (typeof transform === 'string' || isJsonObject(transform)) {
            expressions.transform(transform, transformPath, stage, locals);
          } else report.shape(transformPath, `\`${plain}.${key}\` must be an expression or an object`);
        },
      },
    });
    if (plain === 'export' && Object.hasOwn(object, 'schema') && !Object.hasOwn(object, 'as')) {
      report.warn(
        `${path}/schema`,
        '`export.schema` is not looked at without `export.as`, which sets the context',
      );
    }
  };
}
