import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Makes the package that `npx appflow` runs, as appflow-VERSION.tgz in the current folder. Node does not run TypeScript that is in
// node_modules, so the package has JavaScript, at the same paths.

const ROOT = join(import.meta.dirname, '..');
const OUT = mkdtempSync(join(tmpdir(), 'appflow-package-'));

type Manifest = Record<string, unknown> & { dependencies: Record<string, string> };

/** Returns the manifest of the package: what runs the server, and nothing that only building and testing need. */
function toPublished({ version, description, license, dependencies, optionalDependencies }: Manifest) {
  return {
    ...{ name: 'appflow', version, description, license, type: 'module' },
    // Any Node installs it: bin/appflow runs the one that comes as an optional dependency, where there is one.
    ...{ bin: { appflow: 'bin/appflow' }, engines: { node: '>=20' } },
    ...{ dependencies, optionalDependencies },
  };
}

const copy = (path: string) => cpSync(join(ROOT, path), join(OUT, path), { recursive: true });

execFileSync(process.execPath, [join(ROOT, 'dashboard/build-if-stale.ts')], { stdio: 'inherit' });
execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', import.meta.dirname, '--outDir', OUT], {
  stdio: 'inherit',
});
for (const file of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }))
  if (/\.(sql|lua)$/.test(file)) copy(join('src', file));
for (const path of ['bin/appflow', 'dashboard/dist', 'LICENSE', 'CHANGELOG.md']) copy(path);
cpSync(join(import.meta.dirname, 'README.md'), join(OUT, 'README.md'));
const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(toPublished(manifest), undefined, 2)}\n`);
execFileSync('npm', ['pack', OUT, '--silent'], { stdio: 'inherit' });
rmSync(OUT, { recursive: true });
