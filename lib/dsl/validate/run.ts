/** `run`: another workflow, or a process, which is refused. */
import type { JsonObject } from '../../engine/json.ts';
import { parametersIn } from './call-http.ts';
import type { TaskPlace } from './context.ts';
import { labelProblem } from './document.ts';
import { LABEL, SEMANTIC_VERSION } from './formats.ts';
import { memberChecks } from './members.ts';
import { checkContainer, checkScript, checkShell } from './run-process.ts';
import { asObject, asText, at, checkObject, exactlyOne, get, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';
import { NO_PROCESSES } from './unsupported.ts';

const KINDS = ['container', 'script', 'shell', 'workflow'];
const RETURNS = ['stdout', 'stderr', 'code', 'all', 'none'];

export function checkRun(place: TaskPlace): void {
  const { context, task, path } = place;
  const { report } = context;
  const runPath = at(path, 'run');
  const run = asObject(report, get(task, 'run'), runPath, '`run`');
  if (run === null) return;
  const { boolean, choice } = memberChecks(report);
  checkObject(report, run, runPath, {
    of: '`run`',
    members: {
      await: boolean,
      return: choice(RETURNS),
      container: processIn(place, checkContainer),
      script: processIn(place, checkScript),
      shell: processIn(place, checkShell),
      workflow: workflowIn(place),
    },
  });
  const only = exactlyOne(report, run, runPath, '`run`', KINDS);
  if (only === 'workflow' && Object.hasOwn(run, 'return')) {
    report.warn(at(runPath, 'return'), '`return` is for processes; what a workflow returns is its output');
  }
  for (const kind of ['container', 'script', 'shell']) {
    if (Object.hasOwn(run, kind)) report.refused(at(runPath, kind), `run: ${kind}`, NO_PROCESSES);
  }
}

const processIn =
  (
    { context }: TaskPlace,
    check: (context: TaskPlace['context'], value: JsonObject, path: string) => void,
  ): MemberCheck =>
  (value, path, name) => {
    const process = asObject(context.report, value, path, name);
    if (process !== null) check(context, process, path);
  };

const workflowIn =
  (place: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { report } = place.context;
    const workflow = asObject(report, value, path, name);
    if (workflow === null) return;
    const label: MemberCheck = (given, labelPath, labelName) => {
      const text = asText(report, given, labelPath, labelName);
      if (text === null || LABEL.test(text)) return;
      report.semantic(labelPath, labelProblem(text, labelName.replaceAll('`', '')));
    };
    checkObject(report, workflow, path, {
      of: '`run: workflow`',
      members: {
        namespace: label,
        name: label,
        version(version, versionPath, versionName) {
          const text = asText(report, version, versionPath, versionName);
          if (text === null || text === 'latest' || SEMANTIC_VERSION.test(text)) return;
          report.semantic(
            versionPath,
            `${shown(text)} is neither \`latest\` nor a semantic version such as \`1.0.0\``,
          );
        },
        input: parametersIn(place),
      },
      required: ['namespace', 'name', 'version'],
    });
  };
