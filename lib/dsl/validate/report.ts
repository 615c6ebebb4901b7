/** Collects what is wrong with a definition, bounded: a hostile definition must not buy a 10 MB answer. */

/** `path` is a JSON pointer into the definition (RFC 6901). */
export interface Problem {
  path: string;
  message: string;
}

/**
 * Why a definition is refused: `shape`, the language's own schema refuses it; `semantic`, no schema can say it;
 * `unsupported`, the language has it and this service has not.
 */
export type ProblemKind = 'shape' | 'semantic' | 'unsupported';

/** A problem that keeps a definition from being published. */
export interface DefinitionError extends Problem {
  kind: ProblemKind;
}

/** Errors, and likewise warnings, beyond this number are only counted. */
const MAX_PROBLEMS = 200;

/** The last entry stands for what was only counted, and is of the first of these kinds among them. */
const BY_WEIGHT: readonly ProblemKind[] = ['shape', 'semantic', 'unsupported'];

export class Report {
  private readonly errorList = new ProblemList<DefinitionError>();
  private readonly warningList = new ProblemList<Problem>();
  private readonly kinds = new Set<ProblemKind>();
  private readonly unlistedKinds = new Set<ProblemKind>();

  /** Whether further errors are only counted, so that their hints need not be worked out. */
  get full(): boolean {
    return this.errorList.full;
  }

  /** Whether an error of this kind was reported. */
  has(kind: ProblemKind): boolean {
    return this.kinds.has(kind);
  }

  add(kind: ProblemKind, path: string, message: string): void {
    this.kinds.add(kind);
    if (this.full) this.unlistedKinds.add(kind);
    this.errorList.add({ kind, path, message });
  }

  /** What the language's schema refuses. */
  shape(path: string, message: string): void {
    this.add('shape', path, message);
  }

  /** What the language's schema lets through and yet cannot work. */
  semantic(path: string, message: string): void {
    this.add('semantic', path, message);
  }

  warn(path: string, message: string): void {
    this.warningList.add({ path, message });
  }

  /** A feature that this service refuses by design. */
  refused(path: string, feature: string, reason: string): void {
    this.add('unsupported', path, `\`${feature}\` is not supported: ${reason}`);
  }

  result(): { errors: DefinitionError[]; warnings: Problem[] } {
    const kind = BY_WEIGHT.find((candidate) => this.unlistedKinds.has(candidate)) ?? 'semantic';
    return {
      errors: this.errorList.result((message) => ({ kind, path: '', message })),
      warnings: this.warningList.result((message) => ({ path: '', message })),
    };
  }
}

class ProblemList<T extends Problem> {
  private readonly problems: T[] = [];
  private readonly seen = new Set<string>();
  private more = 0;

  get full(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  add(problem: T): void {
    if (this.full) {
      this.more++;
      return;
    }
    // A reusable component is checked wherever it is used, and would be reported as often.
    const key = `${problem.path}\n${problem.message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.problems.push(problem);
  }

  /** @param rest makes the entry that stands for those beyond the limit */
  result(rest: (message: string) => T): T[] {
    if (this.more === 0) return this.problems;
    return [...this.problems, rest(`and ${this.more} more like these`)];
  }
}
