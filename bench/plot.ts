/**
 * Draws docs/images/ and fills the tables of docs/performance.md from the newest files in bench/results/:
 * `npm run bench:plot`. What has no results is left as it stands.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Results } from './lib/results.ts';
import type { CurveFile } from './offered/file.ts';
import { costChart } from './plot/cost-chart.ts';
import { curveChart } from './plot/curve-chart.ts';
import { curveTable, replaceSection, resultsTable, soakTable } from './plot/tables.ts';
import type { SoakFile } from './soak/samples.ts';

const ROOT = join(import.meta.dirname, '..');
const RESULTS = join(ROOT, 'bench', 'results');
const IMAGES = join(ROOT, 'docs', 'images');
const PAGE = join(ROOT, 'docs', 'performance.md');

/** The newest file of results whose name fits; null for none. */
function newest(pattern: RegExp): unknown {
  const names = existsSync(RESULTS) ? readdirSync(RESULTS).filter((name) => pattern.test(name)) : [];
  const name = names.toSorted().at(-1);
  return name === undefined ? null : JSON.parse(readFileSync(join(RESULTS, name), 'utf8'));
}

function write(file: string, text: string): void {
  writeFileSync(file, text);
  console.log(file);
}

mkdirSync(IMAGES, { recursive: true });
let page = readFileSync(PAGE, 'utf8');
// The benchmarks write these files.
const results = newest(/^\d{4}-\d{2}-\d{2}\.json$/) as Results | null;
if (results !== null) {
  write(join(IMAGES, 'cost-per-run.svg'), costChart(results));
  page = replaceSection(page, 'results', resultsTable(results));
}
const slowDisk = newest(/^\d{4}-\d{2}-\d{2}-slow-disk\.json$/) as Results | null;
if (slowDisk !== null) page = replaceSection(page, 'slow-disk', resultsTable(slowDisk));
const curve = newest(/^curve-.*\.json$/) as CurveFile | null;
if (curve !== null) {
  write(join(IMAGES, 'offered-load.svg'), curveChart(curve));
  page = replaceSection(page, 'curve', curveTable(curve));
}
const soak = newest(/^soak-.*\.json$/) as SoakFile | null;
if (soak !== null) page = replaceSection(page, 'soak', soakTable(soak));
write(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
