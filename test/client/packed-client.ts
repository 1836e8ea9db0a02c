import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Packs the client as for publishing and installs it into a new, empty project in `folder`; returns the project's path. */
export async function installPackedClient(folder: string): Promise<string> {
  const app = join(folder, 'app');
  mkdirSync(app);
  const pack = ['pack', '--json', '-w', 'client', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: ROOT });
  // Scripts of the package may print something before the JSON.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const { filename } = Array.isArray(packed) ? packed[0] : (packed['@appflow/client'] ?? packed);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)], { cwd: app });
  return app;
}
