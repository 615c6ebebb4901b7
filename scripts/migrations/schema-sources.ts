/** The files of the schema, to say where a difference stands. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SchemaSource {
  /** Path from the project's root. */
  file: string;
  text: string;
}

const FOLDER = join('lib', 'db', 'schema');

/** @param root the project's folder */
export const readSchemaSources = (root: string): SchemaSource[] =>
  readdirSync(join(root, FOLDER)).map((name) => ({
    file: join(FOLDER, name),
    text: readFileSync(join(root, FOLDER, name), 'utf8'),
  }));
