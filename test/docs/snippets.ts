import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '../..');

/** A TypeScript snippet from a comment or a page, and its location. */
export type Snippet = { place: string; code: string };

/** Returns the code of every `@example` in the client's sources. */
export function listExamples(): Snippet[] {
  return globSync('client/src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    return [...source.matchAll(/@example\n *\* ```ts\n([\s\S]*?) *\* ```\n[\s\S]*?\*\/\n *(\S[^\n]*)/g)].map(
      ([, code = '', next = '']) => ({
        place: `${file}: ${next.replace(/[(:<{].*/, '').trim()}`,
        code: code.replaceAll(/^ *\* ?/gm, ''),
      }),
    );
  });
}

/** Returns the ```ts blocks of a page. */
export function listBlocks(file: string): Snippet[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => ({
    place: `${file}: ${code.split('\n').find((line) => !line.startsWith('import') && line !== '')}`,
    code,
  }));
}

const ENTRIES = {
  '@appflow/client/admin': 'admin.ts',
  '@appflow/client/node': 'node.ts',
  '@appflow/client': 'index.ts',
};

/**
 * Runs a snippet as a module in `folder` and resolves once it has run. It imports the package of this repository, `values`
 * replaces its placeholders, and names in `globals` are available without being declared.
 */
export async function runSnippet(
  code: string,
  folder: string,
  values: Readonly<Record<string, string>>,
  globals: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  let module = code;
  for (const [name, file] of Object.entries(ENTRIES)) {
    module = module.replaceAll(`'${name}'`, `'${pathToFileURL(join(ROOT, 'client/src', file)).href}'`);
  }
  for (const [placeholder, value] of Object.entries(values)) module = module.replaceAll(placeholder, value);
  const declares = (name: string) =>
    new RegExp(`^(import|const) (\\{[^}]*\\b${name}\\b[^}]*\\}|${name}\\b)`, 'm').test(module);
  const names = Object.keys(globals).filter((name) => !declares(name));
  number += 1;
  const file = join(folder, `snippet-${number}.mts`);
  Object.assign(globalThis, { snippetGlobals: globals });
  writeFileSync(file, `const { ${names.join(', ')} } = (globalThis as any).snippetGlobals;\n${module}`);
  await import(pathToFileURL(file).href);
}

let number = 0;
