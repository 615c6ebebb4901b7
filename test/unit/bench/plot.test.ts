import { describe, expect, it } from 'vitest';
import type { CurveFile } from '../../../bench/offered/file.ts';
import type { Point } from '../../../bench/offered/step.ts';
import { costsOf } from '../../../bench/plot/cost-chart.ts';
import { curveChart } from '../../../bench/plot/curve-chart.ts';
import { linear, logarithmic, roundUp } from '../../../bench/plot/scale.ts';
import { escapeXml, figure } from '../../../bench/plot/svg.ts';
import { curveTable, replaceSection, table } from '../../../bench/plot/tables.ts';

describe('a scale', () => {
  it('ends at round numbers and puts values in proportion', () => {
    const { at, ticks } = linear(2720, [100, 0]);
    expect(ticks).toEqual([0, 1000, 2000, 3000]);
    expect(at(0)).toBe(100);
    expect(at(1500)).toBe(50);
    expect(roundUp(0.3)).toBeCloseTo(0.5, 12);
  });

  it('that is logarithmic holds all its values and gives equal factors equal room', () => {
    const { at, ticks } = logarithmic([270, 10_900], [0, 300]);
    expect(ticks).toEqual([200, 500, 1000, 2000, 5000, 10_000, 20_000]);
    expect(at(2000) - at(200)).toBeCloseTo(at(20_000) - at(2000), 9);
    expect(at(200)).toBeCloseTo(0, 9);
    expect(at(20_000)).toBeCloseTo(300, 9);
  });
});

const point = (offeredPerSecond: number, createdP99Ms: number): Point => ({
  offeredPerSecond,
  createdPerSecond: Math.min(offeredPerSecond, 1000),
  refusedPerSecond: Math.max(0, offeredPerSecond - 1000),
  completedPerSecond: Math.min(offeredPerSecond, 900),
  lostPerSecond: 0,
  createdP50Ms: 2,
  createdP99Ms,
  finishedP50Ms: 5,
  finishedP99Ms: createdP99Ms * 3,
  refusedP99Ms: offeredPerSecond > 1000 ? 20 : null,
  apiMb: 100,
  workerMb: 120,
});

const FILE: CurveFile = {
  kind: 'curve',
  date: '2026-11-25T10:00:00.000Z',
  machine: 'a <small> machine & its node',
  flushMs: 1.7,
  versions: {},
  systems: {
    vespid: { saturationPerSecond: 1000, points: [point(100, 4), point(1000, 30), point(4000, 250)] },
  },
};

describe('the chart of the offered load', () => {
  it('is one well-formed document with a line for each series, a dot for each figure, and both units', () => {
    const svg = curveChart(FILE);
    const opened = svg.match(/<(?:svg|title|style|text)\b/g)?.length;
    expect(svg.match(/<\/(?:svg|title|style|text)>/g)?.length).toBe(opened);
    expect(svg).not.toContain('NaN');
    expect(svg).toContain('a &lt;small&gt; machine &amp; its node');
    expect(svg.match(/<circle /g)?.length).toBe(4 * 3);
    expect(svg).toContain('>ms<');
    expect(svg).toContain('>/s<');
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('draws a higher throughput higher and a longer wait higher', () => {
    const lines = [...curveChart(FILE).matchAll(/points="([^"]+)" class="line vespid"/g)].map((match) =>
      (match[1] ?? '').split(' ').map((place) => Number(place.split(',')[1])),
    );
    const curves = lines.filter((places) => places.length === 3);
    expect(curves.length).toBe(4);
    for (const [first = 0, , last = 0] of curves) expect(last).toBeLessThan(first);
  });
});

describe('figures in text', () => {
  it('have as many digits as say something', () => {
    expect([figure(10_900.4), figure(999.6), figure(0.12345), figure(250)]).toEqual([
      '10\u202F900',
      '1000',
      '0.123',
      '250',
    ]);
    expect(escapeXml('"<&>"')).toBe('&quot;&lt;&amp;&gt;&quot;');
  });

  it('of a cost are medians of the rounds, in microseconds', () => {
    const round = (apiCpuMs: number) => ({ apiCpuMs, workerCpuMs: 0.2, redisCpuMs: 0.1, postgresCpuMs: 0.3 });
    const rounds = { vespid: { complete: [round(0.3), round(0.1), round(0.2)] } };
    // Only what is read of the results is there.
    const results = { rounds } as unknown as Parameters<typeof costsOf>[0];
    expect(costsOf(results, 'vespid')).toEqual([200, 200, 100, 300]);
  });
});

describe('tables in the page', () => {
  it('tell of the loads around saturation and beyond, and of no others', () => {
    const text = curveTable(FILE).replaceAll('\u202F', ' ');
    expect(text.split('\n').length).toBe(4);
    expect(text).toContain('| Vespid, 1.0 × | 1 000 |');
    expect(text).toContain('| Vespid, 4.0 × | 4 000 | 1 000 | 3 000 | 0 | 900 | 250 | 20 | 100 / 120 |');
  });

  it('replace what stood between their marks and nothing else', () => {
    const page = 'before\n<!-- x -->\nold\n<!-- /x -->\nafter';
    const once = replaceSection(
      page,
      'x',
      table([
        ['a', 'b'],
        ['1', '2 | 3'],
      ]),
    );
    expect(once).toBe('before\n<!-- x -->\n\n| a | b |\n|---|--:|\n| 1 | 2 \\| 3 |\n\n<!-- /x -->\nafter');
    expect(replaceSection(once, 'x', 'new')).toBe('before\n<!-- x -->\n\nnew\n\n<!-- /x -->\nafter');
    expect(() => replaceSection(page, 'y', '')).toThrow('no section y');
  });
});
