/** Every feature of the language, in the order of its reference. */
import type { Section } from '../feature.ts';
import { authenticationSections } from './authentication.ts';
import { httpSections, processSections } from './calls.ts';
import { documentSections } from './document.ts';
import { errorSections } from './errors.ts';
import { eventReadings, eventSections } from './events.ts';
import { expressionSections } from './expressions.ts';
import { protocolSections } from './protocols.ts';
import { readingSections } from './readings.ts';
import { resourceSections } from './resources.ts';
import { taskSections } from './tasks.ts';

export const READINGS: readonly Section[] = [...readingSections, eventReadings];

export const SECTIONS: readonly Section[] = [
  ...documentSections,
  ...expressionSections,
  ...taskSections,
  ...errorSections,
  ...httpSections,
  ...protocolSections,
  ...processSections,
  ...authenticationSections,
  ...resourceSections,
  ...eventSections,
];
