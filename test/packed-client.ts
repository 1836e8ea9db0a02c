import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** Packs the client as it would be published and installs it into a new, empty project in `folder`; returns that project. */
export async function installPackedClient(folder: string): Promise<string> {
  const app = join(folder, 'app');
  mkdirSync(app);
  const pack = ['pack', '--json', '-w', 'client', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: ROOT });
  // Scripts of the package may say something before the JSON.
  const told = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const { filename } = Array.isArray(told) ? told[0] : (told['@appflow/client'] ?? told);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)], { cwd: app });
  return app;
}
