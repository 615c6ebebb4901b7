/** The step of the job: a call to the service that answers at once. */

const url = process.env['TARGET_URL'] ?? '';

/** @throws {Error} when the service answers with no success. */
export async function callTarget(): Promise<{ ok: boolean }> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  // The target is ours.
  return (await response.json()) as { ok: boolean };
}
