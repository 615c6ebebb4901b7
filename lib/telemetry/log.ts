/** The process's log: one JSON object a line on stdout (pino). */
import { pino, type Logger } from 'pino';
import { openOutput } from './output.ts';

export type { Logger };

let stampedMs = 0;
let stamp = '';

/** The text is made once a millisecond. */
function timestamp(): string {
  const nowMs = Date.now();
  if (nowMs !== stampedMs) {
    stampedMs = nowMs;
    stamp = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return stamp;
}

/** `service` tells API, worker and migrate apart in one stream. */
export function openLog(level: string, service: string): Logger {
  const output = openOutput({
    fd: 1,
    dropped: (lines) =>
      `{"level":"warn"${timestamp()},"service":"${service}","event":"log_lines_dropped","lines":${lines}}\n`,
  });
  return pino(
    { level, base: { service }, timestamp, formatters: { level: (label) => ({ level: label }) } },
    output,
  );
}
