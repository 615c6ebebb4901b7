/** The migrations as files: `NNNN_what_it_does.sql`, applied in the order of their numbers. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** First-line comment of a file whose statements cannot run in a transaction (CREATE INDEX CONCURRENTLY). */
const NO_TRANSACTION = /^--[ \t]*no-transaction\b/;
const FILE_NAME = /^(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;

/** A piece of a file between two `--> statement-breakpoint` marks. */
export interface Chunk {
  sql: string;
  /** Line of the file it begins on, counted from 1. */
  line: number;
}

export interface Migration {
  /** File name without `.sql`. */
  name: string;
  number: number;
  /** SHA-256 of the file in hex, line ends taken as `\n`. */
  hash: string;
  inTransaction: boolean;
  text: string;
  chunks: Chunk[];
}

/** SHA-256 in hex; a checkout with CRLF line ends has the same hash. */
function hashOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}

function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let line = 1;
  for (const part of text.split('--> statement-breakpoint')) {
    const lead = /^\s*/.exec(part)?.[0] ?? '';
    if (part.trim() !== '') chunks.push({ sql: part.trim(), line: line + lead.split('\n').length - 1 });
    line += part.split('\n').length - 1;
  }
  return chunks;
}

/** The migration a file holds; undefined when its name is not `NNNN_what_it_does.sql`. */
function readMigration(folder: string, fileName: string): Migration | undefined {
  const digits = FILE_NAME.exec(fileName)?.[1];
  if (digits === undefined) return undefined;
  const text = readFileSync(join(folder, fileName), 'utf8');
  return {
    name: fileName.slice(0, -'.sql'.length),
    number: Number(digits),
    hash: hashOf(text),
    inTransaction: !NO_TRANSACTION.test(text),
    text,
    chunks: chunksOf(text),
  };
}

/** Every `.sql` file of the folder by name: the migrations, and the names that are not a migration's. */
export function readFolder(folder: string): { migrations: Migration[]; misnamed: string[] } {
  const migrations: Migration[] = [];
  const misnamed: string[] = [];
  const fileNames = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  for (const fileName of fileNames.sort()) {
    const migration = readMigration(folder, fileName);
    if (migration === undefined) misnamed.push(fileName);
    else migrations.push(migration);
  }
  return { migrations, misnamed };
}
