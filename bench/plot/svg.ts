/** Pieces of SVG. Colours are named in one style sheet, which follows the reader's light or dark scheme. */

const STYLE = `
  .paper { fill: #ffffff; } .ink { fill: #1f2328; } .faint { fill: #59636e; } .grid { stroke: #d1d9e0; }
  .vespid { stroke: #0969da; } .vespid-fill { fill: #0969da; }
  .baseline { stroke: #bc4c00; } .baseline-fill { fill: #bc4c00; }
  .part-0 { fill: #54aeff; } .part-1 { fill: #2da44e; } .part-2 { fill: #e16f24; } .part-3 { fill: #a475f9; }
  .on-part { fill: #1f2328; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .ink { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #3d444d; }
    .vespid { stroke: #4493f8; } .vespid-fill { fill: #4493f8; }
    .baseline { stroke: #f0883e; } .baseline-fill { fill: #f0883e; }
  }
  text { font: 13px system-ui, sans-serif; } .title { font-size: 15px; font-weight: 600; }
  .line { fill: none; stroke-width: 2; } .axis { stroke-width: 1; }
`;

/** What XML reserves, written so that it means itself. */
export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const place = (value: number): string => String(Math.round(value * 10) / 10);

export type Anchor = 'start' | 'middle' | 'end';

export const label = (x: number, y: number, text: string, names = 'ink', anchor: Anchor = 'start'): string =>
  `<text x="${place(x)}" y="${place(y)}" class="${names}" text-anchor="${anchor}">${escapeXml(text)}</text>`;

export const segment = (from: Place, to: Place, names: string): string =>
  `<line x1="${place(from.x)}" y1="${place(from.y)}" x2="${place(to.x)}" y2="${place(to.y)}" class="${names}"/>`;

export interface Place {
  x: number;
  y: number;
}

/** @param dash lengths of strokes and gaps; empty: a whole line */
export const polyline = (places: readonly Place[], names: string, dash = ''): string =>
  `<polyline points="${places.map(({ x, y }) => `${place(x)},${place(y)}`).join(' ')}" class="line ${names}"` +
  `${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`;

export const dot = ({ x, y }: Place, names: string): string =>
  `<circle cx="${place(x)}" cy="${place(y)}" r="3.5" class="${names}"/>`;

export const rectangle = ({ x, y }: Place, width: number, height: number, names: string): string =>
  `<rect x="${place(x)}" y="${place(y)}" width="${place(width)}" height="${place(height)}" class="${names}"/>`;

/** A whole drawing. @param title is read out where the picture is not seen */
export function drawing(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" rx="6" class="paper"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Thousands set apart by a narrow space, as few digits as needed. */
export const figure = (value: number): string =>
  value >= 1000
    ? String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, '\u202F')
    : String(Number(value.toPrecision(3)));
