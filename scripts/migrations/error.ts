/** A migration could not be applied, or must not be: the message says why and what would be right. */
export class MigrateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrateError';
  }
}
