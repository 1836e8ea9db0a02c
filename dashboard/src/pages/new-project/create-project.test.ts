import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App, KeyWithSecret } from '../../api/answers.ts';
import { createProjectCreator, type ProjectDraft } from './create-project.ts';

const DRAFT: ProjectDraft = {
  projectName: ' Notes ',
  name: 'Notes iOS ',
  platform: 'ios',
  timezone: 'Asia/Kolkata',
};

/** Requests that are recorded. Each kind fails as often as `failures` says. */
function recordRequests(failures: Record<string, number>) {
  const sent: unknown[][] = [];
  const keys: string[] = [];
  const send = (kind: string, ...about: unknown[]) => {
    sent.push([kind, ...about]);
    const left = failures[kind] ?? 0;
    failures[kind] = left - 1;
    if (left > 0) throw new Error(`${kind} failed`);
  };
  const creator = createProjectCreator({
    async createProject(name) {
      send('project', name);
      return { id: 'proj_1' } as never;
    },
    async createApp(projectId, { body, idempotencyKey }) {
      keys.push(idempotencyKey);
      send('app', projectId, body);
      return { id: 'app_1', platform: 'ios' } as App;
    },
    async createKey(projectId, { body, idempotencyKey }) {
      keys.push(idempotencyKey);
      send('key', projectId, body.type, body.app_ids);
      return { id: 'key_1' } as KeyWithSecret;
    },
  });
  return { creator, sent, keys };
}

const APP = ['app', 'proj_1', { name: 'Notes iOS', platform: 'ios', timezone: 'Asia/Kolkata' }];
const KEY = ['key', 'proj_1', 'client', ['app_1']];

test('creates a project, its app, and a client key of that app only', async () => {
  const { creator, sent } = recordRequests({});
  const created = await creator.create(DRAFT);
  assert.deepEqual(sent, [['project', 'Notes'], APP, KEY]);
  assert.deepEqual([created.projectId, created.app.id, created.apiKey.id], ['proj_1', 'app_1', 'key_1']);
});

test('creates nothing twice when a failed step is retried', async () => {
  const { creator, sent, keys } = recordRequests({ project: 1, app: 1, key: 2 });
  await assert.rejects(creator.create(DRAFT), /project failed/);
  assert.equal(creator.hasProject(), false);
  await assert.rejects(creator.create(DRAFT), /app failed/);
  assert.equal(creator.hasProject(), true);
  await assert.rejects(creator.create(DRAFT), /key failed/);
  await assert.rejects(creator.create(DRAFT), /key failed/);
  await creator.create(DRAFT);
  assert.deepEqual(
    sent.map(([kind]) => kind),
    ['project', 'project', 'app', 'app', 'key', 'key', 'key'],
  );
  assert.equal(new Set(keys).size, 2, 'a retry of the same draft has the same idempotency key');
});
