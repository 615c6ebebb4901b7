/** The request body of an operation: its media types and what is special about the fields of a form. */
import { shown } from '../../dsl/validate/text.ts';
import { member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { FormField, OperationBody, Style } from '../../tasks/openapi/operation.ts';
import { ResourceFault } from '../types.ts';
import { FORM, essenceOf, isJsonType, isMediaType, MULTIPART } from './media-type.ts';
import { membersOf } from './members.ts';
import { collectionOf } from './parameter.ts';
import type { References } from './reference.ts';
import { isFile, propertiesOf } from './schema.ts';

const MAX_FIELDS = 200;
const FIELD_STYLES = new Map<Json, Style>(
  (['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const).map((style) => [style, style]),
);

/**
 * `requestBody` of OpenAPI 3.x. The parameter `body` is the whole of it, unless its schema has a property of that
 * name: then what is left over are its members.
 * @throws {ResourceFault}
 */
export function reduceBody(operation: JsonObject, references: References): OperationBody | null {
  if (!Object.hasOwn(operation, 'requestBody')) return null;
  const body = references.object(member(operation, 'requestBody'), 'the request body of the operation');
  const content = membersOf(member(body, 'content')).filter(([type]) => isMediaType(type));
  const [, first] = content.find(([type]) => isJsonType(type)) ?? content[0] ?? [];
  const properties = propertiesOf(member(first, 'schema'), references);
  const form = content.find(([type]) => [FORM, MULTIPART].includes(essenceOf(type)))?.[1];
  return {
    required: member(body, 'required') === true,
    names: properties.has('body') ? [] : ['body'],
    types: content.length === 0 ? ['application/json'] : content.map(([type]) => type),
    fields: form === undefined ? [] : fieldsOf(form, references),
  };
}

/** Only fields that are not sent in the default way are kept. */
function fieldsOf(form: Json, references: References): FormField[] {
  const encoding = member(form, 'encoding');
  const fields: FormField[] = [];
  for (const [name, property] of propertiesOf(member(form, 'schema'), references)) {
    const field = fieldOf(name, member(encoding, name), isFile(property, references));
    if (Object.keys(field).length > 1) fields.push(field);
  }
  return bounded(fields);
}

function fieldOf(name: string, encoding: Json | undefined, file: boolean): FormField {
  const style = FIELD_STYLES.get(member(encoding, 'style') ?? null);
  const explode = member(encoding, 'explode');
  const contentType = member(encoding, 'contentType');
  const isOneType = typeof contentType === 'string' && isMediaType(contentType) && !contentType.includes('*');
  return {
    name,
    ...((style !== undefined || typeof explode === 'boolean') && {
      style: style ?? 'form',
      explode: typeof explode === 'boolean' ? explode : style === undefined || style === 'form',
    }),
    ...(isOneType && { contentType }),
    ...(file && { file: true as const }),
  };
}

/**
 * `body` and `formData` parameters of Swagger 2.0.
 * @param consumes media types of the operation, else of the document
 * @throws {ResourceFault}
 */
export function reduceSwaggerBody(
  parameters: readonly JsonObject[],
  consumes: readonly string[],
  references: References,
): OperationBody | null {
  const types = consumes.filter(isMediaType);
  const body = parameters.find((parameter) => member(parameter, 'in') === 'body');
  const form = parameters.filter((parameter) => member(parameter, 'in') === 'formData');
  if (body !== undefined) {
    const properties = propertiesOf(member(body, 'schema'), references);
    const name = member(body, 'name');
    const names = new Set([
      ...(typeof name === 'string' ? [name] : []),
      ...(properties.has('body') ? [] : ['body']),
    ]);
    const required = member(body, 'required') === true;
    return {
      required,
      names: [...names],
      types: types.length === 0 ? ['application/json'] : types,
      fields: [],
    };
  }
  if (form.length === 0) return null;
  const hasFile = form.some((parameter) => member(parameter, 'type') === 'file');
  const forms = types.filter((type) =>
    hasFile ? essenceOf(type) === MULTIPART : [FORM, MULTIPART].includes(essenceOf(type)),
  );
  return {
    required: form.some((parameter) => member(parameter, 'required') === true),
    names: [],
    types: forms.length === 0 ? [hasFile ? MULTIPART : FORM] : forms,
    fields: bounded(form.map(swaggerField).filter((field) => Object.keys(field).length > 1)),
  };
}

function swaggerField(parameter: JsonObject): FormField {
  const name = member(parameter, 'name');
  if (typeof name !== 'string') throw new ResourceFault('a form field of the operation has no name');
  return {
    name,
    ...(member(parameter, 'type') === 'array' && collectionOf(parameter, 'form')),
    ...(member(parameter, 'type') === 'file' && { file: true as const }),
  };
}

function bounded(fields: FormField[]): FormField[] {
  if (fields.length <= MAX_FIELDS) return fields;
  const last = shown(fields[MAX_FIELDS]?.name ?? '');
  throw new ResourceFault(
    `the form of the operation has more than ${MAX_FIELDS} special fields (${last} is one more)`,
  );
}
