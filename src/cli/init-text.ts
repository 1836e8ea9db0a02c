import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Platform } from '../directory/app.ts';
import { escapeValue } from '../lib/text/visible-text.ts';
import { expectedServerUrl } from '../server/server-url.ts';
import { quote } from './terminal/print.ts';

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

/** Returns the text that `init` prints: the folder, the IDs, the keys, and three commands that work as printed. */
export function renderInitialized(config: Config, options: InitOptions, created: Initialized): string {
  const url = config.publicUrl || expectedServerUrl(config);
  return `Created project ${quote(options.project)} in ${escapeValue(resolve(config.dataDir))}.

  project  ${created.project_id}
  app      ${created.app_id}  ${escapeValue(options.app)} (${options.platform})

API keys (shown once; store them like passwords):

  server key     ${created.server_key}  for your backend
  client key     ${created.client_key}  for your app: it can only send events
  read-only key  ${created.read_only_key}  for reading metrics

With the server running, send an event:

  curl -X POST ${url}/v1/events -H 'Authorization: Bearer ${created.client_key}' -H 'Content-Type: application/json' -d '{"app_id":"${created.app_id}","events":[{"event_name":"app_open","app_user_id":"user_1"}]}'

read the metrics of the last seven days:

  curl '${url}/v1/analytics/daily?app_id=${created.app_id}&days=7' -H 'Authorization: Bearer ${created.read_only_key}'

and list the keys:

  curl ${url}/v1/api-keys -H 'Authorization: Bearer ${created.server_key}'`;
}
