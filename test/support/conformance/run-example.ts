/** Publishes and runs an example as its entry says. */
import type { HttpRequest } from '../../../lib/engine/types.ts';
import { FakePorts } from '../engine-ports.ts';
import { readText } from './directory.ts';
import type { ExampleRun } from './examples/index.ts';
import { runToEnd, type End } from './execute.ts';
import { publish } from './publish.ts';
import { StandInService } from './stand-ins.ts';

export interface ExampleEnd {
  end: End;
  /** Without those that publishing made. */
  requests: HttpRequest[];
  ports: FakePorts;
  tookMs: number;
}

/** @throws {Error} when the example is refused, or does not end */
export async function runExample(file: string, run: ExampleRun): Promise<ExampleEnd> {
  const { standIns = [], secrets = {}, children = [], events = [], input } = run;
  const published = await publish(readText(file), { http: new StandInService(standIns).answer, secrets });
  if (!published.ok) throw new Error(`${file} is refused: ${JSON.stringify(published.errors)}`);
  const service = new StandInService(standIns);
  const ports = new FakePorts();
  ports.answer = service.answer;
  ports.events.world.arriving.push(...events);
  for (const [index, state] of children.entries()) ports.children.states.set(`child-${index + 1}`, state);
  const startedAtMs = ports.clockMs;
  const end = await runToEnd(published.version, { ...(input !== undefined && { input }), secrets, ports });
  return { end, requests: service.requests, ports, tookMs: ports.clockMs - startedAtMs };
}
