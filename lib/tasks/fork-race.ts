/**
 * The branches of one `fork` under way.
 *
 * 1. Nothing is decided before every branch has come to rest: ended, failed, cut off, interrupted or waiting.
 * 2. The first error (in a competition: the first success) cuts the other branches off. Each of them, also one that
 *    waits, goes on once more to see for itself and tidy up.
 * 3. The run is parked only when all branches that are left wait; until then a branch waits in place.
 */
import type { Bounds } from '../engine/bounds.ts';
import type { CompiledList } from '../engine/compiled.ts';
import { WorkflowError, type ErrorOrigin } from '../engine/errors.ts';
import type { ContextHolder, Frame, Place } from '../engine/frame.ts';
import { runList } from '../engine/list.ts';
import type { DslError, ListProgress } from '../engine/types.ts';
import { Unwind } from '../engine/unwind.ts';

/** A branch in the progress tree. */
export interface BranchState extends ContextHolder {
  list: ListProgress;
  /** It has ended: its output is the data of its list. */
  done?: true;
  /** It has failed, and the others have yet to come to rest or to end. */
  failure?: { error: DslError; origin: ErrorOrigin; order: number };
}

/** A branch that waits looks again at least this often while others run: what it waits for may have happened. */
const LOOK_AGAIN_MS = 2000;
/** Each look asks the database: of very many branches that wait, each looks the more rarely. */
const LOOK_EACH_MS = 20;

export class Race {
  readonly #lists: readonly CompiledList[];
  readonly #compete: boolean;
  readonly #branches: BranchState[];
  readonly #frame: Frame;
  readonly #bounds: Bounds;
  /** Branches that are neither over nor waiting. */
  #active = 0;
  /** What sends the branches that wait on: true to look again, false to park. */
  readonly #waiting = new Map<BranchState, (again: boolean) => void>();
  /** Branches that have failed. */
  #failures = 0;
  /** In the order in which they came. */
  readonly #thrown: unknown[] = [];

  constructor(
    fork: { branches: readonly CompiledList[]; compete: boolean },
    branches: BranchState[],
    frame: Frame,
    bounds: Bounds,
  ) {
    this.#lists = fork.branches;
    this.#compete = fork.compete;
    this.#branches = branches;
    this.#frame = frame;
    this.#bounds = bounds;
  }

  /**
   * Runs what is left of the branches.
   * @throws {WorkflowError} the error that decides the fork
   * @throws {Unwind}
   */
  async run(): Promise<void> {
    this.#failures = this.#branches.filter(({ failure }) => failure !== undefined).length;
    const isDecided = this.#compete ? this.#branches.some(({ done }) => done === true) : this.#failures > 0;
    // Decided before a crash: the others may not have tidied up.
    if (isDecided) this.#bounds.cut();
    const left = this.#branches.filter(({ done, failure }) => done !== true && failure === undefined);
    this.#active = left.length;
    const lists = new Map(this.#branches.map((branch, index) => [branch, this.#lists[index]]));
    await Promise.all(left.map(async (branch) => this.#branch(branch, lists.get(branch))));
    this.#decide();
  }

  async #branch(branch: BranchState, list: CompiledList | undefined): Promise<void> {
    if (list === undefined) throw new Error('a branch in the tree is not in the definition');
    // Bounds of its own, so that no signal has as many listeners as there are branches.
    const bounds = this.#bounds.inside(this.#frame.ports);
    const place = this.#frame.inside({ holder: branch, bounds, branch });
    try {
      await this.#goOn(branch, list, place);
    } finally {
      bounds.close();
    }
  }

  async #goOn(branch: BranchState, list: CompiledList, place: Place): Promise<void> {
    for (;;) {
      try {
        await runList(this.#frame.run, list, branch.list, place);
        this.#succeed(branch);
      } catch (error) {
        if (error instanceof Unwind && error.reason.kind === 'parked') {
          if (await this.#wait(branch, error.reason.untilMs, place.bounds)) continue;
          this.#fail(branch, error);
          return;
        }
        this.#fail(branch, error);
      }
      this.#rest();
      return;
    }
  }

  #succeed(branch: BranchState): void {
    // Of two that succeed in the same turn, the first has cut the other off.
    if (this.#compete && this.#bounds.isCut) return;
    branch.done = true;
    this.#frame.ports.changed(branch);
    if (this.#compete) this.#bounds.cut();
  }

  #fail(branch: BranchState, error: unknown): void {
    if (this.#bounds.ended(error)) return;
    this.#thrown.push(error);
    if (error instanceof WorkflowError) {
      if (error.origin !== 'limit') this.#keepFailure(branch, error);
      if (!this.#compete || error.origin === 'limit') this.#bounds.cut();
    } else if (!(error instanceof Unwind)) {
      // A port that failed, or a bug, decides nothing: the run goes on elsewhere, if it does.
      this.#bounds.interrupt();
    } else if (error.reason.kind === 'ended') this.#bounds.cut();
  }

  /** What has been decided stays so, although the process may die before the others are at rest. */
  #keepFailure(branch: BranchState, { error, origin }: WorkflowError): void {
    this.#failures += 1;
    branch.failure = { error, origin, order: this.#failures };
    this.#frame.ports.changed(branch);
    // The outcome of a call is recorded also when it is an error.
    if (origin === 'call') this.#frame.record();
  }

  /** Waits in place while others run. True: look again, also when the branch is cut off; false: the run is to be parked. */
  async #wait(branch: BranchState, untilMs: number, bounds: Bounds): Promise<boolean> {
    const { ports, run } = this.#frame;
    const { signal } = bounds;
    if (signal.aborted) return true;
    this.#rest();
    const waiting = new Promise<boolean>((resolve) => {
      const everyMs = Math.max(LOOK_AGAIN_MS, this.#waiting.size * LOOK_EACH_MS);
      const lookMs = Math.min(Math.max(1, untilMs - ports.now()), everyMs);
      const stopTimer = ports.after(lookMs, () => go(true));
      const cut = (): void => go(true);
      const go = (again: boolean): void => {
        if (!this.#waiting.delete(branch)) return;
        stopTimer();
        signal.removeEventListener('abort', cut);
        if (again) this.#active += 1;
        resolve(again);
      };
      signal.addEventListener('abort', cut, { once: true });
      this.#waiting.set(branch, go);
      this.#parkIfIdle();
    });
    return run.interruptible(waiting, bounds);
  }

  /** A branch has come to rest. */
  #rest(): void {
    this.#active -= 1;
    this.#parkIfIdle();
  }

  #parkIfIdle(): void {
    if (this.#active > 0) return;
    for (const go of this.#waiting.values()) go(false);
  }

  /** What the whole comes to, once every branch is at rest. */
  #decide(): void {
    const unwound = (kind: string) =>
      this.#thrown.find((error) => error instanceof Unwind && error.reason.kind === kind);
    const bug = this.#thrown.find((error) => !(error instanceof Unwind) && !(error instanceof WorkflowError));
    if (bug !== undefined) throw bug;
    const ended = unwound('ended');
    if (ended !== undefined) throw ended;
    // Whoever was asked to stop may not have tidied up: the next execution decides.
    const interrupted = unwound('interrupted');
    if (interrupted !== undefined) throw interrupted;
    const isWon = this.#compete && this.#branches.some(({ done }) => done === true);
    if (isWon) return;
    const limit = this.#thrown.find((error) => error instanceof WorkflowError && error.origin === 'limit');
    if (limit !== undefined) throw limit;
    if (!this.#compete) this.#throwFailure();
    const cut = unwound('cut');
    if (cut !== undefined) throw cut;
    this.#throwPark();
    this.#throwFailure();
  }

  #throwPark(): void {
    const dueMs = this.#thrown.flatMap((error) =>
      error instanceof Unwind && error.reason.kind === 'parked' ? [error.reason.untilMs] : [],
    );
    if (dueMs.length > 0) throw new Unwind({ kind: 'parked', untilMs: Math.min(...dueMs) });
  }

  /** The first error, in a competition the last; the next attempt of the run begins with all branches where they failed. */
  #throwFailure(): void {
    const failures = this.#branches.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
    failures.sort((a, b) => a.order - b.order);
    const deciding = failures.at(this.#compete ? -1 : 0);
    if (deciding === undefined) return;
    for (const branch of this.#branches) {
      if (branch.failure !== undefined) this.#frame.ports.changed(branch);
      delete branch.failure;
    }
    const known = this.#thrown.find(
      (error) => error instanceof WorkflowError && error.error === deciding.error,
    );
    throw known ?? new WorkflowError(deciding.error, deciding.origin);
  }
}
