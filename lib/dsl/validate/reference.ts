/** Names that refer to components in `use`. */
import type { Json } from '../../jq/index.ts';
import type { Context, Section } from './context.ts';
import { didYouMean, listed, shown } from './text.ts';

/** @returns the component; undefined, with an error, when there is none of that name */
export function checkReference(
  { report, use }: Context,
  name: string,
  path: string,
  section: Section,
): Json | undefined {
  const components = use[section];
  const component = components.get(name);
  if (component === undefined) report.semantic(path, missing(report.full, name, section, components.keys()));
  return component;
}

/** The name of a secret, which `use.secrets` has to list. */
export function checkSecretName({ report, secrets }: Context, name: string, path: string): void {
  if (!secrets.has(name)) report.semantic(path, missing(report.full, name, 'secrets', secrets));
}

function missing(short: boolean, name: string, section: string, names: Iterable<string>): string {
  if (short) return '';
  const all = [...names];
  const near = didYouMean(name, all);
  const known = all.length === 0 ? 'it is empty' : `it has ${listed(all)}`;
  return `there is no ${shown(name)} in \`use.${section}\`${near === '' ? `; ${known}` : near}`;
}
