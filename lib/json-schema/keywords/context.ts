/** What a keyword sees of the schema it stands in while it is compiled. */
import type { Json } from '../../jq/index.ts';
import { isObject, member, type JsonObject } from '../../jq/json.ts';
import type { SchemaDocument } from '../document.ts';
import type { SchemaNode } from '../node.ts';
import type { Pattern } from '../pattern.ts';
import { pointerStep } from '../problem.ts';
import type { Keyword } from '../validation.ts';

/** Makes the assertion of a keyword; null when it asserts nothing, or is wrong and reported. */
export type KeywordFactory = (value: Json, context: KeywordContext) => Keyword | null;

export class KeywordContext {
  readonly document: SchemaDocument;
  readonly node: SchemaNode;
  readonly schema: JsonObject;
  readonly keyword: string;
  /** Of the dialect: 6, 7, 2019, 2020. */
  readonly version: number;

  constructor(document: SchemaDocument, node: SchemaNode, schema: JsonObject, keyword: string) {
    this.document = document;
    this.node = node;
    this.schema = schema;
    this.keyword = keyword;
    this.version = node.resource.dialect.version;
  }

  /** Reports a mistake at the keyword, or at a place in its value. */
  problem(message: string, ...steps: (string | number)[]): null {
    const place = [this.keyword, ...steps].map(pointerStep).join('');
    return this.document.problem(this.node.pointer + place, message);
  }

  /** The value of another keyword of the same schema. */
  sibling(keyword: string): Json | undefined {
    return member(this.schema, keyword);
  }

  /** The schema that is the keyword's value, or another's. */
  one(keyword = this.keyword): SchemaNode | null {
    const value = this.sibling(keyword);
    return value === undefined ? null : this.nodeAt(value, pointerStep(keyword));
  }

  /** The schemas of a list; empty when it is none. */
  list(): SchemaNode[] {
    const value = this.sibling(this.keyword);
    if (!Array.isArray(value)) return [];
    return value.map((item, index) => this.nodeAt(item, `/${this.keyword}/${index}`));
  }

  /** The schemas of a map; empty when it is none. Lists of names (`dependencies`) are left out. */
  map(): Map<string, SchemaNode> {
    const value = this.sibling(this.keyword);
    const nodes = new Map<string, SchemaNode>();
    if (value === undefined || !isObject(value)) return nodes;
    for (const [name, part] of Object.entries(value)) {
      if (!Array.isArray(part)) nodes.set(name, this.nodeAt(part, `/${this.keyword}${pointerStep(name)}`));
    }
    return nodes;
  }

  /** A whole number that is not negative; null and a problem otherwise. */
  size(value: Json): number | null {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    return this.problem('must be a whole number that is not negative');
  }

  /** A list of different names; null and a problem otherwise. */
  names(value: Json, ...steps: string[]): string[] | null {
    const names = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
    if (names !== null && Array.isArray(value) && names.length === value.length) return [...new Set(names)];
    return this.problem('must be a list of property names', ...steps);
  }

  /** A regular expression; null and a problem when the engine cannot take it. */
  pattern(text: string, ...steps: string[]): Pattern | null {
    const compiled = this.document.pattern(text);
    return compiled.ok ? compiled.pattern : this.problem(compiled.message, ...steps);
  }

  /** The same for a pattern that another keyword reports on. */
  quietPattern(text: string): Pattern | null {
    const compiled = this.document.pattern(text);
    return compiled.ok ? compiled.pattern : null;
  }

  private nodeAt(value: Json, place: string): SchemaNode {
    return this.document.nodeOf(value, this.node.pointer + place, this.node.resource);
  }
}
