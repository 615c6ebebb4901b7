/** `npm run conformance:table`: writes docs/conformance.md from what the service says to each feature of the language. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isThere, MISSING } from '../test/support/conformance/directory.ts';
import { conformancePage } from './conformance/page.ts';
import { complain, say } from './stack/say.ts';

const FILE = path.join(import.meta.dirname, '../docs/conformance.md');

if (isThere()) {
  writeFileSync(FILE, await conformancePage());
  say('docs/conformance.md is written');
} else {
  complain(`conformance:table ${MISSING}`);
  process.exitCode = 1;
}
