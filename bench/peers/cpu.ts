/** CPU time of processes with all they started (Linux alone). */
import { readdirSync, readFileSync } from 'node:fs';

/** Of proc_pid_stat(5): the kernel counts in hundredths of a second on every Linux that Node runs on. */
const MS_PER_TICK = 10;

interface Times {
  parent: number;
  ms: number;
}

/**
 * User and system time so far of `pids` and their descendants, the ended ones included, ms; null where there is no
 * /proc.
 */
export function cpuMs(pids: readonly number[]): number | null {
  const all = readAll();
  if (all === null) return null;
  const counted = new Set(pids);
  // Parents may have higher ids than their children, so look until nothing is added.
  for (let before = -1; before !== counted.size;) {
    before = counted.size;
    for (const [pid, { parent }] of all) if (counted.has(parent)) counted.add(pid);
  }
  return [...counted].reduce((sum, pid) => sum + (all.get(pid)?.ms ?? 0), 0);
}

function readAll(): Map<number, Times> | null {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return null;
  }
  const all = new Map<number, Times>();
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      all.set(Number(name), parse(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // It ended meanwhile.
    }
  }
  return all;
}

/** The name, field 2, may hold spaces; what follows its last parenthesis begins with field 3. */
function parse(stat: string): Times {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return { parent: field(4), ms: (field(14) + field(15) + field(16) + field(17)) * MS_PER_TICK };
}
