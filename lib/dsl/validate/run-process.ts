/** The processes of `run`: containers, scripts and shell commands. They are refused; only their shape is checked. */
import type { JsonObject } from '../../engine/json.ts';
import type { Context } from './context.ts';
import { durationIn } from './duration.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { asObject, checkObject, exactlyOne, get, type MemberCheck } from './shape.ts';

const PULL_POLICIES = ['ifNotPresent', 'always', 'never'];
const CLEANUPS = ['always', 'never', 'eventually'];

export function checkContainer(context: Context, value: JsonObject, path: string): void {
  const { text, object, texts, choice } = memberChecks(context.report);
  checkObject(context.report, value, path, {
    of: '`run: container`',
    members: {
      image: text,
      name: text,
      command: text,
      ports: object,
      volumes: object,
      environment: object,
      stdin: text,
      arguments: texts,
      lifetime: lifetimeIn(context),
      pullPolicy: choice(PULL_POLICIES),
    },
    required: ['image'],
  });
}

const lifetimeIn =
  (context: Context): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const lifetime = asObject(report, value, path, name);
    if (lifetime === null) return;
    const { choice } = memberChecks(report);
    checkObject(report, lifetime, path, {
      of: '`lifetime`',
      members: { cleanup: choice(CLEANUPS), after: durationIn(context, []) },
      required: ['cleanup'],
    });
    const eventually = get(lifetime, 'cleanup') === 'eventually';
    if (Object.hasOwn(lifetime, 'after') === eventually) return;
    report.shape(
      path,
      eventually ? '`cleanup: eventually` needs `after`' : '`after` goes with `cleanup: eventually` only',
    );
  };

/** The language names `js` and `python`; its schema takes any text. */
const LANGUAGES = new Map([
  ['javascript', 'js'],
  ['typescript', 'js'],
  ['ecmascript', 'js'],
  ['py', 'python'],
]);

export function checkScript(context: Context, value: JsonObject, path: string): void {
  const { report } = context;
  const { text, object, texts } = memberChecks(report);
  checkObject(report, value, path, {
    of: '`run: script`',
    members: {
      language: text,
      code: text,
      source: (source, sourcePath, name) => checkResource(context, source, sourcePath, name),
      stdin: text,
      arguments: texts,
      environment: object,
    },
    required: ['language'],
  });
  exactlyOne(report, value, path, '`run: script`', ['code', 'source']);
  const language = get(value, 'language');
  const right = typeof language === 'string' ? LANGUAGES.get(language.toLowerCase()) : undefined;
  if (right !== undefined) report.warn(`${path}/language`, `the language calls it \`${right}\``);
}

export function checkShell(context: Context, value: JsonObject, path: string): void {
  const { text, object, texts } = memberChecks(context.report);
  checkObject(context.report, value, path, {
    of: '`run: shell`',
    members: { command: text, stdin: text, arguments: texts, environment: object },
    required: ['command'],
  });
}
