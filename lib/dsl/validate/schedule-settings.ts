/**
 * `document.metadata.vespid.schedule`: what Vespid lets authors say of a schedule beyond the language. To the language
 * all metadata is right, so what is wrong here is no mistake of shape.
 */
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { cronZone } from './cron.ts';
import type { Report } from './report.ts';
import { at, kindOf } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';
import { timeZoneProblem } from './time-zone.ts';

const PATH = '/document/metadata/vespid';
const OVERLAPS = ['allow', 'skip', 'cancel'];
const SETTINGS = ['timeZone', 'overlap', 'catchUp'];

/** @param definition the whole definition */
export function checkScheduleSettings(report: Report, definition: JsonObject): void {
  const vespid = member(member(member(definition, 'document'), 'metadata'), 'vespid');
  if (vespid === undefined) return;
  if (!isJsonObject(vespid)) {
    report.semantic(PATH, `\`vespid\` must be an object of settings; it ${kindOf(vespid)}`);
    return;
  }
  const path = `${PATH}/schedule`;
  const settings = member(vespid, 'schedule');
  if (settings === undefined) return;
  if (!isJsonObject(settings)) {
    report.semantic(
      path,
      `\`schedule\` must be an object with ${listed(SETTINGS, 'or')}; it ${kindOf(settings)}`,
    );
    return;
  }
  if (!Object.hasOwn(definition, 'schedule')) {
    report.warn(path, 'these settings do nothing: the definition has no `schedule`');
  }
  for (const [key, value] of Object.entries(settings)) {
    const problem = settingProblem(key, value, member(definition, 'schedule'));
    if (problem !== null) report.semantic(at(path, key), problem);
  }
}

function settingProblem(key: string, value: Json, schedule: Json | undefined): string | null {
  switch (key) {
    case 'timeZone':
      if (typeof value !== 'string') return `\`timeZone\` must be a text; it ${kindOf(value)}`;
      return timeZoneProblem(value) ?? doubleZone(member(schedule, 'cron'));
    case 'overlap':
      if (typeof value === 'string' && OVERLAPS.includes(value)) return null;
      return `\`overlap\` must be ${listed(OVERLAPS, 'or')}; it is ${shown(JSON.stringify(value))}`;
    case 'catchUp':
      return typeof value === 'boolean' ? null : `\`catchUp\` must be true or false; it ${kindOf(value)}`;
    default: {
      const near = didYouMean(key, SETTINGS);
      return `unknown setting ${shown(key)}${near === '' ? `; there are ${listed(SETTINGS)}` : near}`;
    }
  }
}

const doubleZone = (cron: Json | undefined): string | null =>
  typeof cron === 'string' && cronZone(cron) !== null
    ? 'the time zone is said twice: `schedule.cron` begins with one'
    : null;
