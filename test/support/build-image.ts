import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { adoptChild, killAtExit } from './adopt-child.ts';
import {
  createContextFilter,
  getStep,
  listVariables,
  parseStages,
  REPOSITORY,
  readRepositoryFile,
  type Stage,
  type Step,
} from './dockerfile.ts';

// No container engine: each stage of the Dockerfile is a copy-on-write view of this machine, without its Node, its compilers and this
// repository. It has the Node of this process, as the base image has.

const UNSHARE = ['unshare', '--mount', '--propagation', 'private'];
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** How packages are reached from here. */
const NETWORK = /^((https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|npm_config_registry)$/i;
const BUILD_TOOLS = '/usr/bin/{node,nodejs,npm,npx,corepack,yarn*,gcc*,g++*,cc,c++,make,python3*,git}';
const USER = /^(\d+):(\d+)$/;

/** Whether this machine lets the tests run the Dockerfile; it needs root and overlayfs. */
export const canBuildImages =
  spawnSync(UNSHARE[0] ?? '', [
    ...UNSHARE.slice(1),
    'sh',
    '-c',
    'mount -t tmpfs x /mnt && cd /mnt && mkdir u w m && mount -t overlay x -o lowerdir=/,upperdir=u,workdir=w m',
  ]).status === 0;

const quote = (words: readonly string[]) =>
  words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

/** What a command in an image printed, and how it ended. */
export type Ended = { code: number | null; stdout: string; stderr: string };

/** An image, as `docker run --read-only --tmpfs /tmp` would run it, with an empty volume on /data. */
export type Image = AsyncDisposable & {
  /** The `CMD` of the Dockerfile. */
  command: readonly string[];
  /** The command of its `HEALTHCHECK`. */
  healthcheck: readonly string[];
  /** Runs a command in it as the user of the image, and returns its result. */
  run(command: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** Starts a command as process 1 of its own PID namespace, as the user of the image. */
  start(command: readonly string[], env?: Record<string, string>): ChildProcess;
};

/** Builds the image of the Dockerfile. */
export async function buildImage(): Promise<Image> {
  const dockerfile = readRepositoryFile('Dockerfile');
  const stages = parseStages(dockerfile);
  const dir = mkdtempSync(join(tmpdir(), 'appflow-image-'));
  const holder = await holdMounts(dir);
  const inMounts = (script: string) => [
    'nsenter',
    `--target=${holder.pid}`,
    '--mount',
    'bash',
    '-euc',
    script,
  ];
  const context = copyContext(join(dir, 'context'));
  for (const stage of stages) await buildStage(stage, { dir, context, inMounts });
  const last = stages.at(-1);
  if (last === undefined) throw new Error('The Dockerfile has no stage.');
  const root = rootOf(dir, last);
  execute(
    inMounts(`chown --reference=${root}/data ${dir}/data && chmod --reference=${root}/data ${dir}/data
    mount -o remount,ro ${root} && mount --bind ${dir}/data ${root}/data`),
  );
  const enter = (command: readonly string[], env: Record<string, string>) =>
    enterImage(root, last, command, { ...listVariables(dockerfile), ...env });
  return {
    command: getStep(last, 'CMD').json,
    healthcheck: readHealthcheck(getStep(last, 'HEALTHCHECK')),
    async run(command, env = {}) {
      const child = launch(inMounts(`exec ${enter(command, env)}`));
      const ended = [text(child.stdout), text(child.stderr), once(child, 'close')] as const;
      const [stdout, stderr, [code]] = await Promise.all(ended);
      return { code, stdout, stderr };
    },
    start(command, env = {}) {
      const first = `mount -t proc proc ${root}/proc && exec ${enter(command, env)}`;
      return launch(inMounts(`exec unshare --mount --pid --fork --kill-child bash -euc ${quote([first])}`));
    },
    async [Symbol.asyncDispose]() {
      const exited = once(holder, 'exit');
      holder.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The strings of its JSON form, which the parser returns as words. */
const readHealthcheck = ({ text: line }: Step): string[] => JSON.parse(line.replace(/^CMD\s+/, ''));

const rootOf = (dir: string, { name }: Stage) => join(dir, 'stages', name || 'last', 'root');

/** Starts a process with a mount namespace of its own: what is mounted in it goes when it ends. */
async function holdMounts(dir: string): Promise<ChildProcess> {
  for (const name of ['stages', 'data']) mkdirSync(join(dir, name));
  const script = `mount -t tmpfs -o size=80% stages ${dir}/stages && echo ready && exec sleep infinity`;
  const [command = '', ...args] = UNSHARE;
  const holder = spawn(command, [...args, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  adoptChild(holder);
  await once(holder.stdout, 'data');
  return holder;
}

function launch([command = '', ...args]: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  killAtExit(child);
  return child;
}

function execute([command = '', ...args]: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.at(-1)} failed: ${stdout}${stderr}`);
}

/** Copies what `.dockerignore` leaves of the repository. */
function copyContext(to: string): string {
  const includes = createContextFilter(readRepositoryFile('.dockerignore'));
  const filter = (path: string) =>
    path === REPOSITORY || includes(relative(REPOSITORY, path), statSync(path).isDirectory());
  cpSync(REPOSITORY, to, { recursive: true, filter });
  return to;
}

type Build = { dir: string; context: string; inMounts: (script: string) => string[] };

async function buildStage(stage: Stage, { dir, context, inMounts }: Build): Promise<void> {
  const root = rootOf(dir, stage);
  execute(inMounts(prepareRoot(root)));
  let folder = '/';
  for (const step of stage.steps) {
    if (step.keyword === 'WORKDIR') {
      folder = step.args[0] ?? '';
      execute(inMounts(`mkdir -p ${root}${folder}`));
    } else if (step.keyword === 'COPY') {
      const { from } = step.flags;
      const source = from === undefined ? context : rootOf(dir, { name: from, image: '', steps: [] });
      execute(inMounts(copyStep(step, source, join(root, folder))));
    } else if (step.keyword === 'RUN') {
      execute(
        inMounts(
          `exec chroot ${root} env --chdir=${folder} -i ${quote(buildVariables())} /bin/sh -c ${quote([step.text])}`,
        ),
      );
    }
  }
}

const buildVariables = () =>
  Object.entries({ ...process.env, PATH, HOME: '/root' })
    .filter(([name]) => ['PATH', 'HOME'].includes(name) || NETWORK.test(name))
    .map(([name, value]) => `${name}=${value}`);

function prepareRoot(root: string): string {
  const npm = dirname(
    dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8', env: { PATH } }).trim())),
  );
  return `cd ${dirname(root)} 2>/dev/null || { mkdir -p ${dirname(root)} && cd ${dirname(root)}; }
    mkdir upper work root && mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root && cd root
    mount --rbind /dev dev && mount --rbind /sys sys && mount -t proc proc proc && mount -t tmpfs tmp tmp
    mount -t tmpfs -o ro hidden .${REPOSITORY}
    rm -rf .${BUILD_TOOLS} usr/local/bin/* usr/local/lib/node_modules
    mkdir -p usr/local/lib/node_modules && cp -r ${npm} usr/local/lib/node_modules/npm
    cp ${process.execPath} usr/local/bin/node
    ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm`;
}

/** Returns the commands that copy files, and of folders what is in them. */
function copyStep({ args }: Step, source: string, folder: string): string {
  const to = join(folder, args.at(-1) ?? '');
  const copies = args.slice(0, -1).map((path) => {
    const from = join(source, path);
    return `if [ -d ${from} ]; then cp -a ${from}/. ${to}; else cp -a ${from} ${to}; fi`;
  });
  return [`mkdir -p ${to}`, ...copies].join('\n');
}

/** Returns the command that runs another one as the user of the image, without a way to more rights. */
function enterImage(
  root: string,
  stage: Stage,
  command: readonly string[],
  env: Record<string, string>,
): string {
  const [, uid, gid] = USER.exec(getStep(stage, 'USER').args[0] ?? '') ?? [];
  const variables = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  const user = `--reuid=${uid} --regid=${gid} --clear-groups --no-new-privs --bounding-set=-all`;
  const folder = getStep(stage, 'WORKDIR').args[0];
  return `chroot ${root} setpriv ${user} env --chdir=${folder} -i ${quote(variables)} ${quote(command)}`;
}
