/**
 * The tables (design, section 5). The source of the migrations: `npm run migrate:generate` writes the
 * difference, a person reads it, `npm run migrate:check` proves that nothing was forgotten.
 */
export * from './schema/orgs.ts';
export * from './schema/workflows.ts';
export * from './schema/runs.ts';
export * from './schema/events.ts';
export * from './schema/control.ts';
export * from './schema/workers.ts';
