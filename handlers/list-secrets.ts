/** GET /v1/orgs/:orgId/secrets */
import { listSecrets, type SecretKeyOfList } from '../lib/db/secrets.ts';
import { PAGE_QUERY, readPageBy, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';
import { isSecretName } from '../lib/secrets/name.ts';

const toText = ({ createdAt, name }: SecretKeyOfList): string => `${createdAt} ${name}`;

/** What `toText` made; null for anything else, which must not reach Postgres. */
function fromText(text: string): SecretKeyOfList | null {
  const [createdAt = '', name = '', ...rest] = text.split(' ');
  const time = new Date(createdAt);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== createdAt) return null;
  return isSecretName(name) && rest.length === 0 ? { createdAt, name } : null;
}

export default orgRoute({
  name: 'list-secrets',
  method: 'get',
  paths: ['/v1/orgs/:orgId/secrets'],
  access: 'secrets:write',
  summary: "The names of the org's secrets, newest first. Never their values.",
  query: PAGE_QUERY,
  answers: { 200: '`{ items: [{ name, createdAt, updatedAt }], nextCursor }`' },
  async handler({ c, deps, caller }) {
    const page = readPageBy(c, fromText);
    const secrets = await listSecrets(deps, caller.orgId, { ...page, limit: page.limit + 1 });
    return c.json(toPage(secrets, page, toText));
  },
});
