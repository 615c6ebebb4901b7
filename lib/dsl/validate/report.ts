/** Collects what is wrong with a definition, bounded: a hostile definition must not buy a 10 MB answer. */

/** `path` is a JSON pointer into the definition (RFC 6901). */
export interface Problem {
  path: string;
  message: string;
}

/** Errors, and likewise warnings, beyond this number are only counted. */
const MAX_PROBLEMS = 200;

export class Report {
  private readonly errorList = new ProblemList();
  private readonly warningList = new ProblemList();

  /** Whether further errors are only counted, so that their hints need not be worked out. */
  get full(): boolean {
    return this.errorList.full;
  }

  error(path: string, message: string): void {
    this.errorList.add(path, message);
  }

  warn(path: string, message: string): void {
    this.warningList.add(path, message);
  }

  /** A feature that the language has and this service has not, yet. */
  unsupported(path: string, feature: string, hint?: string): void {
    this.error(path, `\`${feature}\` is not supported yet${hint === undefined ? '' : `; ${hint}`}`);
  }

  /** A feature that this service refuses by design. */
  refused(path: string, feature: string, reason: string): void {
    this.error(path, `\`${feature}\` is not supported: ${reason}`);
  }

  result(): { errors: Problem[]; warnings: Problem[] } {
    return { errors: this.errorList.result(), warnings: this.warningList.result() };
  }
}

class ProblemList {
  private readonly problems: Problem[] = [];
  private readonly seen = new Set<string>();
  private more = 0;

  get full(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  add(path: string, message: string): void {
    if (this.full) {
      this.more++;
      return;
    }
    // A reusable component is checked wherever it is used, and would be reported as often.
    const key = `${path}\n${message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.problems.push({ path, message });
  }

  result(): Problem[] {
    if (this.more === 0) return this.problems;
    return [...this.problems, { path: '', message: `and ${this.more} more like these` }];
  }
}
