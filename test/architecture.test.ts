import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';

// Holds the layout that ARCHITECTURE.md describes: the page is the rule, so it cannot drift from the code.

const REPOSITORY = join(import.meta.dirname, '..');
const ARCHITECTURE = readFileSync(join(REPOSITORY, 'ARCHITECTURE.md'), 'utf8');

/** Each root: what it may import from outside itself, and the files that nothing needs to import. */
const ROOTS = {
  'src/': {
    outside: ['package.json', 'client/src/'],
    entries: ['src/main.ts', 'src/cli/main.ts', 'src/cli/docs.ts', 'src/accounts/hashing/hash-worker.ts'],
  },
  'client/src/': {
    outside: [],
    entries: ['script.ts', 'index.ts', 'admin.ts', 'node.ts'].map((file) => `client/src/${file}`),
  },
  'dashboard/src/': { outside: ['src/'], entries: ['dashboard/src/main.tsx'] },
} as const;

type Root = keyof typeof ROOTS;

const ROOT_NAMES = Object.keys(ROOTS) as Root[];

/** The entries of a root in the order of ARCHITECTURE.md: each imports only what is listed below it. */
function listOrder(root: Root): string[] {
  const block = ARCHITECTURE.split('```').find((text) => text.includes(`\n${root}\n`)) ?? '';
  const [, lines = ''] = block.split(`\n${root}\n`);
  const names: string[] = [];
  for (const line of lines.split('\n')) {
    const [, name] = /^ {2}(\S+) {2,}\S/.exec(line) ?? [];
    if (name !== undefined) names.push(name);
    else if (line !== '' && !line.startsWith('   ')) break;
  }
  return names;
}

const isSource = (file: string) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file);

function listSources(root: string): string[] {
  return readdirSync(join(REPOSITORY, root), { recursive: true, encoding: 'utf8' })
    .filter(isSource)
    .map((file) => join(root, file));
}

// The formatter writes each import on lines of its own, so a pattern finds them all.
const IMPORT =
  /(?:^|\n)(?:import|export)\b[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)|(?:^|\n)import '(\.[^']+)'/g;

/** The files that a file imports, types included, as paths from the top of the repository. */
function listImports(file: string): string[] {
  const text = readFileSync(join(REPOSITORY, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, from, dynamic, bare]) =>
    relative(REPOSITORY, resolve(REPOSITORY, dirname(file), from ?? dynamic ?? bare ?? '')),
  );
}

const SOURCES = ROOT_NAMES.flatMap(listSources);
const IMPORTS = SOURCES.flatMap((from) => listImports(from).map((to) => ({ from, to })));

const entryOf = (root: Root, file: string) => {
  const [first = '', ...rest] = file.slice(root.length).split('/');
  return rest.length === 0 ? first : `${first}/`;
};

/** Returns one circle of folders, as "a → b → a"; undefined when imports between them never lead back. */
function findFolderCircle(arrows: readonly { from: string; to: string }[]): string | undefined {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): string | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder].join(' → ');
    if (done.has(folder)) return undefined;
    for (const { to } of next.get(folder) ?? []) {
      const circle = visit(to, [...path, folder]);
      if (circle !== undefined) return circle;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of next.keys()) {
    const circle = visit(folder, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** What the pipeline calls besides its steps: branches, what it pays with, and where the answer goes. */
const BETWEEN_STEPS = [
  ...['toPayer', 'chargeRefusals', 'peek', 'eventCount', 'requireProject'],
  ...['recheckApp', 'isStreamed', 'toStreamPermission', 'assign'],
];

describe('the layout', () => {
  for (const root of ROOT_NAMES) {
    const inRoot = SOURCES.filter((file) => file.startsWith(root));
    const within = IMPORTS.filter(
      ({ from, to }) => from.startsWith(root) && to.startsWith(root) && isSource(to),
    );

    it(`lists every folder and file at the top of ${root} in ARCHITECTURE.md, once, and nothing else`, () => {
      const found = new Set(inRoot.map((file) => entryOf(root, file)));
      assert.deepEqual(listOrder(root).toSorted(), [...found].toSorted());
    });

    it(`imports only downward in the order of ARCHITECTURE.md in ${root}`, () => {
      const order = listOrder(root);
      const rank = (file: string) => order.indexOf(entryOf(root, file));
      const upward = within.filter(
        ({ from, to }) => entryOf(root, from) !== entryOf(root, to) && rank(to) <= rank(from),
      );
      assert.deepEqual(upward, []);
    });

    it(`has no circle of folders, at any depth, in ${root}`, () => {
      // A file at the top of a root is an entry of its own, no part of a folder.
      const top = root.slice(0, -1);
      const arrows = within
        .map(({ from, to }) => ({ from: dirname(from), to: dirname(to) }))
        .filter(({ from, to }) => from !== to && from !== top && to !== top);
      assert.equal(findFolderCircle(arrows), undefined);
    });

    it(`imports nothing from outside ${root} but what it may`, () => {
      const { outside } = ROOTS[root];
      const foreign = IMPORTS.filter(
        ({ from, to }) =>
          from.startsWith(root) && !to.startsWith(root) && !outside.some((allowed) => to.startsWith(allowed)),
      );
      assert.deepEqual(foreign, []);
    });

    it(`has no file in ${root} that nothing imports, its entry points apart`, () => {
      const imported = new Set(IMPORTS.map(({ to }) => to));
      const entries: readonly string[] = ROOTS[root].entries;
      assert.deepEqual(
        inRoot.filter((file) => !imported.has(file) && !entries.includes(file)),
        [],
      );
    });

    it(`keeps every folder of ${root} to 26 source files`, () => {
      const folders = Map.groupBy(inRoot, dirname);
      const large = [...folders].filter(([, files]) => files.length > 26).map(([folder]) => folder);
      assert.deepEqual(large, []);
    });
  }

  it('has at most 29 entries at the top of src/', () => {
    assert.ok(readdirSync(join(REPOSITORY, 'src')).length <= 29);
  });

  it('imports the routes of a folder only there and in src/routes.ts', () => {
    const isRoutes = (file: string) => /^src\/.*(?:\/|-)routes\.ts$/.test(file) && file !== 'src/routes.ts';
    const others = IMPORTS.filter(
      ({ from, to }) =>
        isRoutes(to) && from !== 'src/routes.ts' && entryOf('src/', from) !== entryOf('src/', to),
    );
    assert.deepEqual(others, []);
  });
});

describe('tests', () => {
  it('clean up with cleanUp, because a failed hook of node:test skips those that follow', () => {
    const files = ['src', 'test'].flatMap((root) =>
      readdirSync(join(REPOSITORY, root), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(root, file),
      ),
    );
    const found = files.filter(
      (file) =>
        file.endsWith('.ts') &&
        /import \{[^}]*\bafter\b[^}]*\} from 'node:test'/.test(readFileSync(join(REPOSITORY, file), 'utf8')),
    );
    assert.deepEqual(found, ['test/support/clean-up.ts']);
  });
});

describe('packages and processes', () => {
  const textOf = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8');

  it('has no dependency in package.json that nothing in src/ imports', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const text = listSources('src/').map(textOf).join();
    const unused = Object.keys(dependencies).filter(
      (name) => !text.includes(`'${name}'`) && !text.includes(`'${name}/`),
    );
    assert.deepEqual(unused, []);
  });

  it('has no test that gives its own output to a process: one that stays behind would keep the run from ending', () => {
    const files = readdirSync(join(REPOSITORY, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('test', file));
    const inheriting = files.filter((file) => {
      const text = textOf(file);
      return /['"]inherit['"]/.test(text) || (/\bfork\(/.test(text) && !text.includes('silent: true'));
    });
    assert.deepEqual(inheriting, []);
  });
});

describe('writes to the control database', () => {
  // A handler that passed NO_CALLER would skip its caller's recheck. These act for no authenticated caller.
  const WITHOUT_CALLER = [
    ...['src/accounts/reset-password.ts', 'src/accounts/start-session.ts', 'src/api/caller.ts'],
    ...['src/audit/failures.ts', 'src/cli/demo/demo-keys.ts', 'src/cli/demo/demo-project.ts'],
    ...['src/control/control.ts', 'src/erasure/eraser.ts', 'src/erasure/plan-erasure.ts'],
    ...['src/keys/unstored-revocations.ts', 'src/keys/verify/first-use.ts'],
    'src/keys/verify/rehash.ts',
    ...['src/leaks/disable-leaked.ts', 'src/leaks/leak-in-app.ts', 'src/leaks/routes.ts'],
    ...['src/members/accept-invitation.ts', 'src/members/set-up.ts', 'src/server/secret-store.ts'],
  ];

  it('name their caller, except for background tasks, start-up, the command line and people signing in', () => {
    const found = listSources('src/').filter((file) =>
      /\bNO_CALLER\b/.test(readFileSync(join(REPOSITORY, file), 'utf8')),
    );
    assert.deepEqual(found.toSorted(), WITHOUT_CALLER);
  });
});

describe('the walk of a request in ARCHITECTURE.md', () => {
  const [, walk = ''] = ARCHITECTURE.split('## Life of a `POST /v1/events` request');
  const [files = [], besides = []] = walk
    .split('\nwith ')
    .slice(0, 2)
    .map((part) =>
      [...(part.split('## ')[0] ?? '').matchAll(/`(src\/[^`]+)`/g)].map(([, file = '']) => file),
    );

  it('goes from each file to one that it imports, or to routes that src/routes.ts lists', () => {
    assert.ok(files.length > 5 && besides.length > 0);
    const missing = files.slice(1).filter((to, index) => {
      const from = to.endsWith('/routes.ts') ? 'src/routes.ts' : files[index];
      return !IMPORTS.some((arrow) => arrow.from === from && arrow.to === to);
    });
    assert.deepEqual(missing, []);
    assert.deepEqual(
      besides.filter((file) => !SOURCES.includes(file)),
      [],
    );
  });

  it('passes the steps of the pipeline in the order that the page gives, and no others', () => {
    const serve = readFileSync(join(REPOSITORY, 'src/http/pipeline/serve.ts'), 'utf8');
    const bodyOf = (name: string) => serve.split(`async function ${name}(`)[1]?.split('\n}\n')[0] ?? '';
    const body = bodyOf('answerCaller').replace('admit(', () => bodyOf('admit'));
    const [, pipeline = ''] = ARCHITECTURE.split('## The pipeline');
    const listed = [...pipeline.matchAll(/^\d+\. `(\w+)`/gm)].map(([, step = '']) => step);
    const called = [...body.matchAll(/\b(\w+)\(/g)].map(([, name = '']) => name);
    assert.deepEqual([...new Set(called.filter((name) => listed.includes(name)))], listed, 'in this order');
    const others = new Set(called.filter((name) => !listed.includes(name)));
    assert.deepEqual([...others].toSorted(), BETWEEN_STEPS.toSorted(), 'nothing else happens in between');
  });
});
