/** How a program talks with the bench that started it. */

type Values = Record<string, number>;

/** Says that this program is ready, and ends it when the bench is gone. */
export function tellReady(port = 0): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true, port });
}

/** Does what the bench asks for and answers with the result or the error. */
export function answer(actions: Record<string, (values: Values) => Promise<unknown>>): void {
  process.on('message', (raw) => {
    // The bench alone writes to the channel, in this form.
    const { id, action, ...values } = raw as { id: number; action: string } & Values;
    const act = actions[action] ?? (() => Promise.reject(new Error(`no action ${action}`)));
    act(values).then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
}
