import type { App, Platform } from '../apps/app.ts';
import { createApp } from '../apps/create.ts';
import type { Config } from '../config.ts';
import { createKey } from '../keys/create.ts';
import { KEY_TYPES, type KeyType } from '../keys/scopes.ts';
import { openControlServices } from '../open-services.ts';
import { createProject } from '../projects/create.ts';

/** What `init` made: one project, one app, one key of each type. The keys are shown this once. */
export type Initialised = {
  project_id: string;
  app_id: string;
  server_key: string;
  client_key: string;
  read_only_key: string;
};

export type InitOptions = {
  project: string;
  app: string;
  platform: Platform;
  timezone?: string;
  currency?: string;
};

const KEY_NAMES: Record<KeyType, string> = {
  server: 'First server key',
  client: 'First client key',
  read_only: 'First read-only key',
};

/** Makes a project with an app and a key of each type. Works with and without a running server on the same folder. */
export async function init(config: Config, options: InitOptions): Promise<Initialised> {
  const services = await openControlServices(config);
  try {
    const project = await createProject(services, options.project);
    const { timezone, currency } = options;
    const app: App = await createApp(services, project.id, {
      name: options.app,
      platform: options.platform,
      ...(timezone === undefined ? {} : { timezone }),
      ...(currency === undefined ? {} : { currency }),
    });
    const secrets = {} as Record<KeyType, string>;
    for (const type of KEY_TYPES) {
      const maker = { id: 'cli', reach: undefined };
      const { secret } = await createKey(services, project, { name: KEY_NAMES[type], type }, maker);
      secrets[type] = secret;
    }
    return {
      project_id: project.id,
      app_id: app.id,
      server_key: secrets.server,
      client_key: secrets.client,
      read_only_key: secrets.read_only,
    };
  } finally {
    await services.close();
  }
}
