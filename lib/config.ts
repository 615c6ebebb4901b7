/** The configuration (contract, section 6). The only file that reads `process.env`. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parseAllowList } from './egress/allow-list.ts';
import { NEWEST_FORMAT, OLDEST_FORMAT } from './formats.ts';
// Not from its index: every process reads the configuration, and few of them need the engine.
import { DEFAULT_LIMITS } from './jq/limits.ts';
import { parseSecretsKeys } from './secrets/keys.ts';

const integer = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, `must be a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.minValue(min, `must be a whole number from ${min} to ${max}`),
    v.maxValue(max, `must be a whole number from ${min} to ${max}`),
  );
const url = (...schemes: string[]) =>
  v.pipe(
    v.string(),
    v.check(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    ),
  );
const list = v.pipe(
  v.string(),
  v.transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ),
);
const boolean = v.pipe(
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((text) => text === 'true'),
);
const secretsKeys = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseSecretsKeys(dataset.value);
    if (parsed.ok) return parsed.keys;
    for (const message of parsed.problems) addIssue({ message });
    return NEVER;
  }),
);

const day = 86_400_000;
const schema = v.object({
  DATABASE_URL: url('postgres:', 'postgresql:'),
  REDIS_URL: url('redis:', 'rediss:'),
  WORKFLOW_QUEUE_NAME: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be 1 to 100 letters, digits, ".", "_" or "-"'),
    ),
    'workflow-runs',
  ),
  WORKFLOW_QUEUE_CONCURRENCY: v.optional(integer(1, 10_000), '50'),
  WORKFLOW_RETRY_ATTEMPTS: v.optional(integer(1, 1000), '3'),
  WORKFLOW_RETRY_BACKOFF_MS: v.optional(integer(1, day), '1000'),
  WORKFLOW_ENQUEUE_TIMEOUT_MS: v.optional(integer(50, 60_000), '2000'),
  DATABASE_TIMEOUT_MS: v.optional(integer(50, 600_000), '2000'),
  DATABASE_POOL_MAX: v.optional(integer(1, 1000), '10'),
  DATABASE_PREPARE: v.optional(boolean, 'true'),
  WORKFLOW_LEASE_MS: v.optional(integer(500, 600_000), '15000'),
  WORKFLOW_CALL_TIMEOUT_MS: v.optional(integer(1, day), '60000'),
  MAX_RESPONSE_BYTES: v.optional(integer(1024, 1 << 30), String(4 << 20)),
  WORKFLOW_MAX_FORMAT: v.optional(integer(OLDEST_FORMAT, NEWEST_FORMAT), String(NEWEST_FORMAT)),
  EVENT_RETRY_BACKOFF_MS: v.optional(integer(1, day), '5000'),
  RUN_RETENTION_DAYS: v.optional(integer(1, 36_500), '30'),
  MAX_FORK_BRANCHES: v.optional(integer(1, 10_000), '1000'),
  MAX_RUN_STEPS: v.optional(integer(1, 1_000_000_000), '100000'),
  VESPID_EXPRESSION_MAX_STEPS: v.optional(integer(1000, 1_000_000_000), String(DEFAULT_LIMITS.maxSteps)),
  VESPID_EXPRESSION_MAX_BYTES: v.optional(integer(1024, 1 << 30), String(DEFAULT_LIMITS.maxBytes)),
  VESPID_EXPRESSION_MAX_DEPTH: v.optional(integer(10, 1000), String(DEFAULT_LIMITS.maxDepth)),
  VESPID_EXPRESSION_MAX_TIME_MS: v.optional(integer(1, 60_000), String(DEFAULT_LIMITS.maxTimeMs)),
  SHUTDOWN_GRACE_MS: v.optional(integer(0, 600_000), '8000'),
  VESPID_EGRESS_ALLOW: v.optional(
    v.pipe(
      list,
      v.check(
        (entries) => parseAllowList(entries).ok,
        'must be hosts, *.suffix hosts, addresses or CIDRs, with commas',
      ),
    ),
    '',
  ),
  MAX_BODY_BYTES: v.optional(integer(1024, 1 << 30), String(1 << 20)),
  MAX_DEFINITION_BYTES: v.optional(integer(1024, 1 << 28), String(256 << 10)),
  MAX_RUN_STATE_BYTES: v.optional(integer(1024, 1 << 30), String(4 << 20)),
  PORT: v.optional(integer(0, 65_535), '8080'),
  HOST: v.optional(v.string(), '0.0.0.0'),
  LOG_LEVEL: v.optional(
    v.picklist(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be a pino level'),
    'info',
  ),
  HANDLERS: v.optional(list, ''),
  VESPID_ADMIN_TOKEN: v.optional(v.pipe(v.string(), v.minLength(16, 'must have at least 16 characters'))),
  VESPID_SECRETS_KEY: v.optional(secretsKeys),
});

type Raw = v.InferOutput<typeof schema>;
export type Config = ReturnType<typeof toConfig>;

/** Names of every variable that is read. */
const CONFIG_NAMES = Object.keys(schema.entries);

/** A variable that is missing or malformed: its name and what would be right. Never its value. */
export interface ConfigProblem {
  name: string;
  message: string;
}

/** Every problem of the environment at once; the process exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[];
  constructor(problems: ConfigProblem[]) {
    super(`invalid configuration: ${problems.map((p) => `${p.name} ${p.message}`).join('; ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function toConfig(raw: Raw) {
  return {
    databaseUrl: raw.DATABASE_URL,
    databaseTimeoutMs: raw.DATABASE_TIMEOUT_MS,
    databasePoolMax: raw.DATABASE_POOL_MAX,
    databasePrepare: raw.DATABASE_PREPARE,
    redisUrl: raw.REDIS_URL,
    queueName: raw.WORKFLOW_QUEUE_NAME,
    concurrency: raw.WORKFLOW_QUEUE_CONCURRENCY,
    retryAttempts: raw.WORKFLOW_RETRY_ATTEMPTS,
    retryBackoffMs: raw.WORKFLOW_RETRY_BACKOFF_MS,
    enqueueTimeoutMs: raw.WORKFLOW_ENQUEUE_TIMEOUT_MS,
    leaseMs: raw.WORKFLOW_LEASE_MS,
    callTimeoutMs: raw.WORKFLOW_CALL_TIMEOUT_MS,
    maxResponseBytes: raw.MAX_RESPONSE_BYTES,
    maxFormat: raw.WORKFLOW_MAX_FORMAT,
    eventRetryBackoffMs: raw.EVENT_RETRY_BACKOFF_MS,
    runRetentionDays: raw.RUN_RETENTION_DAYS,
    maxForkBranches: raw.MAX_FORK_BRANCHES,
    maxRunSteps: raw.MAX_RUN_STEPS,
    expressionLimits: {
      maxSteps: raw.VESPID_EXPRESSION_MAX_STEPS,
      maxBytes: raw.VESPID_EXPRESSION_MAX_BYTES,
      maxDepth: raw.VESPID_EXPRESSION_MAX_DEPTH,
      maxTimeMs: raw.VESPID_EXPRESSION_MAX_TIME_MS,
    },
    shutdownGraceMs: raw.SHUTDOWN_GRACE_MS,
    egressAllow: raw.VESPID_EGRESS_ALLOW,
    maxBodyBytes: raw.MAX_BODY_BYTES,
    maxDefinitionBytes: raw.MAX_DEFINITION_BYTES,
    maxRunStateBytes: raw.MAX_RUN_STATE_BYTES,
    port: raw.PORT,
    host: raw.HOST,
    logLevel: raw.LOG_LEVEL,
    handlers: raw.HANDLERS,
    adminToken: raw.VESPID_ADMIN_TOKEN ?? null,
    secretsKeys: raw.VESPID_SECRETS_KEY ?? [],
  };
}

/** The variables of `env`, with `NAME_FILE` read where `NAME` is absent (a mounted secret). Empty means absent. */
function withFiles(env: NodeJS.ProcessEnv, problems: ConfigProblem[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of CONFIG_NAMES) {
    const direct = env[name];
    const file = env[`${name}_FILE`];
    if (direct !== undefined && direct !== '') values[name] = direct;
    else if (file !== undefined && file !== '') {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch {
        problems.push({ name: `${name}_FILE`, message: 'names a file that cannot be read' });
      }
    }
  }
  return values;
}

/** Names in HANDLERS that are no route of this process. */
const unknownHandlers = (text: string, known: readonly string[]): ConfigProblem[] =>
  v
    .parse(list, text)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      name: 'HANDLERS',
      message: `names "${name}", which is none of ${known.join(', ')}`,
    }));

/**
 * Reads the configuration once.
 * @param handlers what HANDLERS may name; null where no routes are served, so that it does not matter
 * @throws {ConfigError} naming every variable that is missing or malformed.
 */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  handlers: readonly string[] | null = null,
): Config {
  const problems: ConfigProblem[] = [];
  const values = withFiles(env, problems);
  const result = v.safeParse(schema, values);
  for (const issue of result.issues ?? []) {
    const key = issue.path?.[0]?.key;
    const name = typeof key === 'string' ? key : 'environment';
    const missing = values[name] === undefined;
    if (missing && problems.some((p) => p.name === `${name}_FILE`)) continue;
    problems.push({ name, message: missing ? 'is required' : issue.message });
  }
  if (handlers !== null) problems.push(...unknownHandlers(values['HANDLERS'] ?? '', handlers));
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return toConfig(result.output);
}

/**
 * Reads the configuration or ends the process with code 78, printing every problem, one a line.
 * @param handlers what HANDLERS may name, in a process that serves routes
 */
export function readConfigOrExit(handlers: readonly string[] | null = null): Config {
  try {
    return readConfig(process.env, handlers);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems)
      process.stderr.write(`config: ${problem.name} ${problem.message}\n`);
    process.exit(78);
  }
}
