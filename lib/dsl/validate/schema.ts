/** Schemas of input, output and context: written in place, or an external resource. */
import { isJsonObject } from '../../engine/json.ts';
import { dialectOf } from '../compile/schema.ts';
import { compileJsonSchema } from '../../json-schema/index.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { asObject, checkObject, exactlyOne, get } from './shape.ts';
import { shown } from './text.ts';

export function checkSchema(context: Context, value: Json, path: string, name: string): void {
  const { report } = context;
  const schema = asObject(report, value, path, name);
  if (schema === null) return;
  const { text } = memberChecks(report);
  checkObject(report, schema, path, {
    of: name,
    members: {
      format: text,
      document: null,
      resource: (resource, resourcePath) => checkResource(context, resource, resourcePath, '`resource`'),
    },
  });
  exactlyOne(report, schema, path, name, ['document', 'resource']);
  const format = get(schema, 'format');
  if (typeof format === 'string' && !/^json(?::.+)?$/.test(format)) {
    report.semantic(
      `${path}/format`,
      `${shown(format)} is not a format that is read here; write \`json\`, or \`json:\` and a dialect`,
    );
    return;
  }
  const document = get(schema, 'document');
  if (document !== undefined) checkDocument(context, document, format, `${path}/document`);
}

function checkDocument({ report }: Context, document: Json, format: Json | undefined, path: string): void {
  if (!isJsonObject(document) && typeof document !== 'boolean') {
    report.semantic(path, 'a JSON schema is an object, or true or false');
    return;
  }
  const compiled = compileJsonSchema(document, dialectOf(format));
  if (compiled.ok) return;
  for (const problem of compiled.problems) report.semantic(path + problem.path, problem.message);
}
