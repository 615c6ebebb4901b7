/** Checks a .proto when a version is published. Loads the libraries that read it: to be imported when needed. */
import { openMethod } from './method.ts';

/**
 * What is wrong with a .proto file for a call of one of its methods.
 * @param text the file's text
 * @param serviceName full name of the service, or its name in the file's package
 * @returns the problem in a few words, for example `there is no service Pets; there is pets.v1.Pets`; null for none
 */
export function checkProto(text: string, serviceName: string, method: string): string | null {
  const opened = openMethod(text, serviceName, method);
  return opened.ok ? null : opened.problem;
}
