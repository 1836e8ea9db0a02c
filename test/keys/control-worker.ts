import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { readConfig } from '../../src/config/config.ts';
import { createKey } from '../../src/keys/create.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { revokeKey } from '../../src/keys/revoke.ts';
import { openControlServices } from '../../src/server/open-services.ts';

// A second process on the same control database, like the CLI. Executes orders and reports when each was done.

export type Task = { create: { projectId: string } } | { revoke: { keyId: string } };
export type TaskResult = { keyId: string; secret: string; beganAt: number; doneAt: number };

const wallMs = () => performance.timeOrigin + performance.now();
const services = await openControlServices(readConfig());

async function execute(order: Task): Promise<TaskResult> {
  const beganAt = wallMs();
  if ('create' in order) {
    const project = services.directory.findProject(order.create.projectId);
    if (!project) throw new Error('There is no such project.');
    const body = { name: 'Worker', type: 'server' } as const;
    const { key, secret } = await createKey(services, project, body, CLI_GRANTOR);
    return { keyId: key.id, secret, beganAt, doneAt: wallMs() };
  }
  const key = services.directory.findKey(order.revoke.keyId);
  if (!key) throw new Error('There is no such key.');
  await revokeKey(services, key, 'leaked', CLI_REQUESTER);
  return { keyId: key.id, secret: '', beganAt, doneAt: wallMs() };
}

process.on('message', (order: Task) => {
  execute(order).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      throw error;
    },
  );
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
