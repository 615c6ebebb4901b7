/** The state of one validation: budgets, the place in the value, what was found, and the dynamic scope. */
import { JqLimitError, type Json } from '../jq/index.ts';
import { Meter, type Limits } from '../jq/limits.ts';
import type { Resource, SchemaNode } from './node.ts';
import { pointerStep, type SchemaProblem } from './problem.ts';

/** More than this nobody reads, and collecting them costs. */
const MAX_PROBLEMS = 20;

/** A problem with what anyOf and oneOf need to sum several up. */
export interface FoundProblem extends SchemaProblem {
  /** "a string": the type that was expected, when that is the whole problem. */
  expected?: string;
}

export class Validation {
  readonly meter: Meter;
  /** Where problems go; null where only validity matters, so that the first failure ends the work. */
  problems: FoundProblem[] | null = [];
  /** The members and indexes that lead to the present value. */
  readonly path: (string | number)[] = [];
  /** Schema resources that are being evaluated, outermost first (core 7.1); kept only where `$dynamicRef` is used. */
  readonly scope: Resource[] = [];
  readonly tracksScope: boolean;
  private depth = 0;

  constructor(limits: Limits, tracksScope: boolean) {
    this.meter = new Meter(limits);
    this.tracksScope = tracksScope;
  }

  /** Further problems are wanted after a first one. */
  get collecting(): boolean {
    return this.problems !== null && this.problems.length < MAX_PROBLEMS;
  }

  /** JSON pointer of the present value. */
  pointer(): string {
    // Names can be long, and alternatives that fail ask for the place again and again.
    for (const step of this.path) this.meter.tick(typeof step === 'string' ? step.length >> 6 : 0);
    return this.path.map(pointerStep).join('');
  }

  /** Notes a problem of the present value; always false, the result of the keyword. */
  report(message: () => string, expected?: string): false {
    if (this.problems !== null && this.problems.length < MAX_PROBLEMS) {
      const problem: FoundProblem = { path: this.pointer(), message: message() };
      this.problems.push(expected === undefined ? problem : { ...problem, expected });
    }
    return false;
  }

  /** Notes a problem elsewhere in the value. */
  reportAt(path: string, message: string): false {
    if (this.problems !== null && this.problems.length < MAX_PROBLEMS) this.problems.push({ path, message });
    return false;
  }

  /** One schema deeper. */
  enter(node: SchemaNode): void {
    this.meter.tick();
    const { maxDepth } = this.meter.limits;
    if (++this.depth > maxDepth) throw new JqLimitError('depth', maxDepth);
    if (this.tracksScope) this.scope.push(node.resource);
  }

  leave(): void {
    this.depth--;
    if (this.tracksScope) this.scope.pop();
  }
}

/** Bytes charged for one remembered member or index. */
const MEMBER_BYTES = 32;

/** Which members and items of one value some schema has evaluated (core 11.2 and 11.3). */
export class Evaluated {
  private everyProperty = false;
  private everyItem = false;
  private leadingItems = 0;
  private readonly properties = new Set<string>();
  private readonly items = new Set<number>();
  private readonly meter: Meter;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  addProperty(name: string): void {
    if (this.everyProperty) return;
    this.meter.charge(MEMBER_BYTES);
    this.properties.add(name);
  }

  addAllProperties(): void {
    this.everyProperty = true;
  }

  /** The first `amount` items. */
  addLeadingItems(amount: number): void {
    this.leadingItems = Math.max(this.leadingItems, amount);
  }

  addItem(index: number): void {
    if (this.everyItem || index < this.leadingItems) return;
    this.meter.charge(MEMBER_BYTES);
    this.items.add(index);
  }

  addAllItems(): void {
    this.everyItem = true;
  }

  hasProperty(name: string): boolean {
    return this.everyProperty || this.properties.has(name);
  }

  hasItem(index: number): boolean {
    return this.everyItem || index < this.leadingItems || this.items.has(index);
  }

  /** Takes over what a schema that holds has evaluated. */
  merge(other: Evaluated): void {
    this.meter.tick(other.properties.size + other.items.size);
    if (other.everyProperty) this.addAllProperties();
    if (other.everyItem) this.addAllItems();
    this.addLeadingItems(other.leadingItems);
    for (const name of other.properties) this.addProperty(name);
    for (const index of other.items) this.addItem(index);
  }
}

/** A fresh set where the enclosing schema keeps one: what fails leaves nothing behind. */
export const branch = (evaluated: Evaluated | null, run: Validation): Evaluated | null =>
  evaluated === null ? null : new Evaluated(run.meter);

/** A keyword's assertion about a value; true when it holds. */
export type Keyword = (value: Json, run: Validation, evaluated: Evaluated | null) => boolean;
