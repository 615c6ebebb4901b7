/** The workflows of the Go SDK's own tests: what the language says of them, Vespid does. */
import { describe, expect, it } from 'vitest';
import { FakePorts } from '../support/engine-ports.ts';
import { isThere, MISSING, readText } from '../support/conformance/directory.ts';
import { endLike, runToEnd, type End } from '../support/conformance/execute.ts';
import { publish } from '../support/conformance/publish.ts';
import { OTHER_OUTPUT, REFUSED, sdkCases, type SdkCase } from '../support/conformance/sdk-go.ts';

const publishFile = (file: string) =>
  publish(readText(`sdk-go/${file}`), { http: () => Promise.reject(new Error('no case calls a service')) });

async function end({ file, input }: SdkCase): Promise<End> {
  const published = await publishFile(file);
  if (!published.ok) throw new Error(`${file} is refused: ${JSON.stringify(published.errors)}`);
  return runToEnd(published.version, { input, ports: new FakePorts() });
}

const cases = sdkCases().map((entry) => ({ ...entry, given: JSON.stringify(entry.input) }));

describe.skipIf(!isThere())('the workflows of sdk-go', () => {
  it('are 28 cases, each of which is here', () => {
    expect(cases).toHaveLength(28);
    const other = cases.filter(({ solid }) => solid !== 'spec').map(({ file }) => file);
    expect(other.sort()).toEqual([...Object.keys(REFUSED), ...Object.keys(OTHER_OUTPUT)].sort());
  });

  it.each(cases.filter(({ solid }) => solid === 'spec'))('$file with $given', async (entry) => {
    const { expectedOutput, expectedError } = entry;
    expect(endLike(await end(entry), expectedError)).toEqual(
      expectedError === undefined
        ? { kind: 'completed', output: expectedOutput }
        : { kind: 'faulted', error: expectedError },
    );
  });

  it.each(Object.entries(REFUSED).map(([file, refused]) => ({ file, ...refused })))(
    '$file is refused: $reason',
    async ({ file, path, message }) => {
      const published = await publishFile(file);
      const expected = { kind: 'semantic', path, message: expect.stringMatching(message) as string };
      expect(published).toEqual({ ok: false, errors: [expected] });
    },
  );

  it.each(cases.filter(({ file }) => Object.hasOwn(OTHER_OUTPUT, file)))(
    '$file gives what the language says, and not what sdk-go does',
    async (entry) => {
      expect(await end(entry)).toEqual({ kind: 'completed', output: entry.expectedOutput });
      expect(entry.expectedOutput).not.toEqual(entry.referenceOutput);
    },
  );
});

it.skipIf(isThere())('needs ../shared/conformance', () => expect.fail(MISSING));
