import type { Config } from '../config/config.ts';
import { localUrl } from '../config/config.ts';
import type { Platform } from '../directory/app.ts';
import { escapeValue, quote } from './terminal/print.ts';

/** What `init` created: one project, one app, one key of each type. The keys are shown only once. */
export type Initialized = {
  project_id: string;
  app_id: string;
  server_key: string;
  client_key: string;
  read_only_key: string;
};

/** The options of `init`. */
export type InitOptions = {
  project: string;
  app: string;
  platform: Platform;
  timezone?: string;
  currency?: string;
  /** The email address of the owner's account; the first account by default. */
  owner?: string;
};

/** Returns the text that `init` prints: the ids, the keys, and three commands that work as printed. */
export function renderInitialized(config: Config, options: InitOptions, made: Initialized): string {
  const url = config.publicUrl || localUrl(config);
  return `Project ${quote(options.project)} is ready.

  project  ${made.project_id}
  app      ${made.app_id}  ${escapeValue(options.app)} (${options.platform})

Its keys, shown only now; keep them like passwords:

  server key     ${made.server_key}  for your backend
  client key     ${made.client_key}  for the app itself: it can only send events
  read-only key  ${made.read_only_key}  for reading numbers

With the server running (npm start), send an event:

  curl -X POST ${url}/v1/events -H 'Authorization: Bearer ${made.client_key}' -H 'Content-Type: application/json' -d '{"app_id":"${made.app_id}","events":[{"event_name":"app_open","app_user_id":"user_1"}]}'

ask for the numbers of the last seven days:

  curl '${url}/v1/analytics/daily?app_id=${made.app_id}&days=7' -H 'Authorization: Bearer ${made.read_only_key}'

and list the keys:

  curl ${url}/v1/api-keys -H 'Authorization: Bearer ${made.server_key}'`;
}
