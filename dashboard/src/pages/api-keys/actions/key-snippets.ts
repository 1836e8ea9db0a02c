import type { ApiKey } from '../../../api/answers.ts';

type KeyFacts = Pick<ApiKey, 'id' | 'name' | 'type' | 'scopes'>;

/**
 * What the snippets are made of: the server's address, an app that the key reaches, and an event id of its own, because
 * a second event of the same id would be a duplicate and show nowhere.
 */
export type SnippetContext = { origin: string; appId: string | undefined; eventId: string };

const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function eventsCall({ origin, appId, eventId }: SnippetContext, key: string): string {
  const event = { event_id: eventId, event_name: 'hello_world', app_user_id: 'user_123' };
  const body = JSON.stringify({ ...(appId && { app_id: appId }), events: [event] });
  return [
    `curl ${origin}/v1/events \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d ${shellQuoted(body)}`,
  ].join('\n');
}

function readCall(url: string, key: string): string {
  return `curl "${url}" \\\n  -H "Authorization: Bearer ${key}"`;
}

/** Returns a `curl` that works with the key as it is: the call it is most likely made for, of those it may make. */
export function curlOf({ scopes }: Pick<KeyFacts, 'scopes'>, key: string, context: SnippetContext): string {
  const { origin, appId } = context;
  if (scopes.includes('events:write') && appId !== undefined) return eventsCall(context, key);
  if (scopes.includes('analytics:read') && appId !== undefined) {
    return readCall(`${origin}/v1/analytics/daily?app_id=${appId}&days=7`, key);
  }
  // Any key may ask what it is.
  return readCall(`${origin}/v1/api-keys/self`, key);
}

/** Returns a `.env` file with the key under the names that the command line and the SDK read. */
export function envFileOf(
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
