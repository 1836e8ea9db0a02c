import type { ApiKey } from '../../../api/answers.ts';

type KeyFacts = Pick<ApiKey, 'id' | 'name' | 'type' | 'scopes'>;

/**
 * Values for the snippets: the server's address, an app the key has access to, and a new event ID, because a second event
 * with the same ID would be dropped as a duplicate.
 */
export type SnippetContext = { origin: string; appId: string | undefined; eventId: string };

const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function sendSnippet({ origin, appId, eventId }: SnippetContext, key: string): string {
  const event = { event_id: eventId, event_name: 'app_open', app_user_id: 'user_123' };
  const body = JSON.stringify({ ...(appId && { app_id: appId }), events: [event] });
  return [
    `curl ${origin}/v1/events \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d ${shellQuoted(body)}`,
  ].join('\n');
}

function readSnippet(url: string, key: string): string {
  return `curl "${url}" \\\n  -H "Authorization: Bearer ${key}"`;
}

/** Returns a `curl` command that works with the key: the most likely call among those its scopes allow. */
export function curlSnippet(
  { scopes }: Pick<KeyFacts, 'scopes'>,
  key: string,
  context: SnippetContext,
): string {
  const { origin, appId } = context;
  if (scopes.includes('events:write') && appId !== undefined) return sendSnippet(context, key);
  if (scopes.includes('analytics:read') && appId !== undefined) {
    return readSnippet(`${origin}/v1/analytics/daily?app_id=${appId}&days=7`, key);
  }
  // Any key may inspect itself.
  return readSnippet(`${origin}/v1/api-keys/self`, key);
}

/** Returns a `.env` file with the key, under the names that the CLI and the SDK read. */
export function envFile(
  record: KeyFacts,
  key: string,
  { origin, appId }: Omit<SnippetContext, 'eventId'>,
): string {
  const name = record.name.replaceAll(/\s+/g, ' ');
  return [
    `# Appflow key "${name}" (${record.type}, ${record.id}). Keep it out of version control.`,
    `APPFLOW_URL=${origin}`,
    `APPFLOW_API_KEY=${key}`,
    ...(appId === undefined ? [] : [`APPFLOW_APP_ID=${appId}`]),
    '',
  ].join('\n');
}
