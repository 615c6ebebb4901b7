/** What vitest's JSON report says, in three numbers. */
import { existsSync, readFileSync } from 'node:fs';

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/**
 * Counts the tests of a report. A file that failed without a failed test (it could not be loaded, a hook threw)
 * counts as one failed; so does a vitest that failed without naming any, or left no report.
 */
export function countTests(reportFile: string, vitestCode: number | null): TestCounts {
  const counts = existsSync(reportFile)
    ? countReport(JSON.parse(readFileSync(reportFile, 'utf8')) as Report)
    : { passed: 0, failed: 0, skipped: 0 };
  if (vitestCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function countReport(report: Report): TestCounts {
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** `N passed, N failed`, and `, N skipped` when there are any: the closing line of `npm test`. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** 0 only when tests ran and all of them, and vitest itself, succeeded. */
export function exitCodeOf({ passed, failed }: TestCounts, vitestCode: number | null): number {
  return vitestCode === 0 && failed === 0 && passed > 0 ? 0 : 1;
}
