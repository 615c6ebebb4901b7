/** GET /docs: the API on one page, made of /openapi.json. Loads nothing from elsewhere. */
import { openRoute } from '../lib/http/route.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vespid API</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
  summary { cursor: pointer; padding: .4rem 0; }
  code, pre { font: 14px/1.4 ui-monospace, monospace; }
  pre { background: #f4f4f4; padding: .6rem; overflow: auto; }
  .method { display: inline-block; width: 4.5rem; font-weight: bold; }
  .about { color: #555; margin-left: .8rem; }
</style>
</head>
<body>
<h1>Vespid API</h1>
<p>Send <code>Authorization: Bearer vsp_…</code>. Errors are <code>application/problem+json</code>.
The machine-readable form is <a href="/openapi.json">/openapi.json</a>.</p>
<main></main>
<script>
  const element = (name, text, className) => {
    const node = document.createElement(name);
    if (text) node.textContent = text;
    if (className) node.className = className;
    return node;
  };
  const describe = (operation) => {
    const rows = [];
    if (operation.description) rows.push(element('p', operation.description));
    for (const { name, in: where, description } of operation.parameters) {
      if (where !== 'path') rows.push(element('p', where + ' ' + name + ': ' + description));
    }
    for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
      rows.push(element('p', 'Body, ' + type + ':'), element('pre', JSON.stringify(schema, null, 2)));
    }
    for (const [status, answer] of Object.entries(operation.responses)) {
      rows.push(element('p', status + ': ' + answer.description));
    }
    return rows;
  };
  const show = (document_) => {
    for (const [path, item] of Object.entries(document_.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const details = element('details');
        const summary = element('summary');
        const line = [element('code', method.toUpperCase(), 'method'), element('code', path)];
        summary.append(...line, element('span', operation.summary, 'about'));
        details.append(summary, ...describe(operation));
        document.querySelector('main').append(details);
      }
    }
  };
  fetch('/openapi.json').then((answer) => answer.json()).then(show);
</script>
</body>
</html>
`;

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

export default openRoute({
  name: 'docs',
  method: 'get',
  paths: ['/docs'],
  access: 'public',
  summary: 'This page: the API for people.',
  answers: { 200: 'HTML.' },
  handler: async ({ c }) =>
    c.body(PAGE, 200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY }),
});
