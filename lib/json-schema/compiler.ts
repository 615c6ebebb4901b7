/** Fills the nodes of a document with their keywords. Nothing recurses here, so cycles and long chains are fine. */
import { member } from '../jq/json.ts';
import { hidesSiblings, type SchemaDocument } from './document.ts';
import { KEYWORDS } from './keywords/index.ts';
import { KeywordContext } from './keywords/context.ts';
import type { SchemaNode } from './node.ts';

/** Mistakes that are listed; a broken schema of any size gives a short answer. */
const MAX_PROBLEMS = 50;

function compileNode(document: SchemaDocument, node: SchemaNode): void {
  const { source, resource } = node;
  if (source === null) return;
  const onlyReference = hidesSiblings(source, resource.dialect);
  const { version } = resource.dialect;
  for (const [keyword, { factory, phase, from, until }] of KEYWORDS) {
    const value = member(source, keyword);
    if (value === undefined || version < from || version > until) continue;
    if (onlyReference && keyword !== '$ref') continue;
    const assertion = factory(value, new KeywordContext(document, node, source, keyword));
    if (assertion === null) continue;
    const phases = { first: node.first, middle: node.keywords, last: node.last };
    phases[phase].push(assertion);
  }
}

/** Compiles all schemas that were found, and those that references find meanwhile. */
export function compileDocument(document: SchemaDocument): void {
  for (let node = document.pending.pop(); node !== undefined; node = document.pending.pop()) {
    if (document.problems.length >= MAX_PROBLEMS) return;
    compileNode(document, node);
  }
}
