/** docs/conformance.md: what Vespid has of the language, as tried now. */
import { OTHER_OUTPUT, REFUSED } from '../../test/support/conformance/sdk-go.ts';
import { countCases, playKit, type ScenarioResult } from './counts.ts';
import type { Feature, Section } from './feature.ts';
import { READINGS, SECTIONS } from './features/index.ts';
import { judge, type Status } from './judge.ts';
import { shownReference } from './references.ts';

const HEAD = `# Conformance

Written by \`npm run conformance:table\`; a test fails when it is not what the script would write now. The language is the
CNCF Open Workflow Specification DSL 1.0.3, and what its main branch had added by July 2026.
`;

const FEATURES = `## Features

Each row stands for a definition of a few lines that uses the feature, and its status is what the service itself
says to that definition: **supported** when it is published, and, where the row says "run here", run to the end that
belongs to it; **refused by design** when publishing refuses it, with the reason in the message. Services
outside, gRPC and MCP included, are stand-ins.
`;

const OPEN_POINTS = `## Readings of what the language leaves open

Each is tried like a feature; docs/language.md says more.
`;

const BEYOND = `## What no definition says

- Lifecycle events (CloudEvents of workflows and tasks) are stored, and sent, for orgs that subscribe to them. Besides, a
  run has a timeline, as JSON and as a stream, with every start, end, fault, retry, wait and cancellation of its tasks.
- A run can be suspended, resumed and cancelled; the cancellation goes on to the runs it waits for.
- \`authentication: certificate\` is a heading of the reference without a definition, and no schema knows it.
- jq is version 1.8, in process and bounded: where it differs from jq is listed in \`test/conformance/jq-deviations.ts\`.
`;

/** @throws {Error} when a feature is not what its row claims; nothing is written then */
export async function conformancePage(): Promise<string> {
  const tally = new Map<Status, number>();
  const tables: string[] = [];
  for (const section of SECTIONS) tables.push(await tableOf(section, tally));
  const readings: string[] = [];
  for (const section of READINGS) readings.push(await readingsOf(section));
  const scenarios = await playKit();
  return [
    HEAD,
    numbers(scenarios, tally),
    kitTable(scenarios),
    sdkList(),
    FEATURES,
    ...tables,
    OPEN_POINTS,
    ...readings,
    BEYOND,
  ].join('\n');
}

function numbers(scenarios: readonly ScenarioResult[], tally: ReadonlyMap<Status, number>): string {
  const counts = countCases();
  const passed = scenarios.filter(({ refused }) => refused === null).length;
  const of = (status: Status): number => tally.get(status) ?? 0;
  return `${table(
    ['', 'result', 'where'],
    [
      [
        'Conformance kit',
        `${passed} of ${scenarios.length} scenarios pass`,
        '`test/conformance/ctk.test.ts`',
      ],
      [
        'Examples of the specification',
        `${counts.examplesRun} of ${counts.examples} run; ${counts.examplesByDesign} refused by design`,
        '`test/conformance/examples.test.ts`',
      ],
      [
        'Workflows of sdk-go',
        `all ${counts.sdkByTheLanguage} that follow the language pass; ${counts.sdk - counts.sdkByTheLanguage} do not follow it`,
        '`test/conformance/sdk-go.test.ts`',
      ],
      [
        "jq's own tests",
        `${counts.jq - counts.jqDeviating} of ${counts.jq} pass; other differences are listed`,
        '`test/conformance/jq.test.ts`, `jq-deviations.ts`',
      ],
      [
        'Features, below',
        `${of('supported')} supported, ${of('refused by design')} refused by design`,
        '`test/conformance/table.test.ts`',
      ],
    ],
  )}\n`;
}

function kitTable(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.map(({ feature, name, refused }) => [
    feature,
    name,
    refused === null ? 'passes' : `refused: ${refused}`,
  ]);
  return `## The conformance kit\n\n${table(['feature', 'scenario', 'result'], rows)}\n`;
}

function sdkList(): string {
  const refused = Object.entries(REFUSED).map(([file, { reason }]) => `- \`${file}\` is refused: ${reason}.`);
  const other = Object.entries(OTHER_OUTPUT).map(
    ([file, reason]) => `- \`${file}\` has another output: ${reason}.`,
  );
  return `## Where sdk-go leaves the language\n\n${[...refused, ...other].join('\n')}\n`;
}

async function tableOf({ title, features }: Section, tally: Map<Status, number>): Promise<string> {
  const rows: string[][] = [];
  for (const feature of features) {
    const { status, reason } = await judge(feature);
    tally.set(status, (tally.get(status) ?? 0) + 1);
    rows.push([feature.name, status, shown(feature, status), reason ?? feature.note]);
  }
  return `### ${title}\n\n${table(['feature', 'status', 'shown by', 'note'], rows)}\n`;
}

async function readingsOf({ title, features }: Section): Promise<string> {
  const rows: string[][] = [];
  for (const feature of features) {
    const { status } = await judge(feature);
    if (status !== 'supported') throw new Error(`the reading "${feature.name}" is ${status}`);
    rows.push([feature.name, shown(feature, status), feature.note]);
  }
  return `### ${title}\n\n${table(['reading', 'shown by', 'note'], rows)}\n`;
}

function shown({ end, shown: references }: Feature, status: Status): string {
  const here = status === 'supported' && end !== null ? ['run here'] : [];
  return [...here, ...references.map(shownReference)].join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A bar ends a cell, and so would the end of a line. */
const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
