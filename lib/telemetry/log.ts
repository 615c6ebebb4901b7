/** The process's log: one JSON object a line on stdout (pino). */
import { pino, type Logger } from 'pino';

export type { Logger };

/** `service` tells API, worker and migrate apart in one stream. */
export const openLog = (level: string, service: string): Logger =>
  pino({
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
