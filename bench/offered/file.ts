/** The file of an offered-load curve. */
import type { System } from '../lib/system.ts';
import type { Point } from './step.ts';

export interface Curve {
  /** What 64 clients get done that send as fast as they are answered. */
  saturationPerSecond: number;
  points: Point[];
}

export interface CurveFile {
  kind: 'curve';
  date: string;
  machine: string;
  /** Added to each flush of the WAL, ms: what a slower disk would take. */
  flushMs: number;
  versions: Record<string, string>;
  systems: Partial<Record<System['name'], Curve>>;
}
