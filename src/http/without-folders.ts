import { join, resolve } from 'node:path';

/** Our command, which a shell finds relative to the installation. */
const COMMAND = /'\/[^']*\/bin\/appflow'|(?<![\w.:/'-])\/\S*\/bin\/appflow/g;
/** A path in quotes, as a shell needs it if it has a space. */
const QUOTED_PATH = /'\/[^']*\/([^'/]+)'/g;
/** A path from the root, but no URL and no path of ours. */
const PATH = /(?<![\w.:/'-])\/(?!(?:app\/v1|docs|v1)\/)(?:[^\s/]+\/)+([^\s/]*)/g;

const escapeForRegExp = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Returns a sentence without the folders that the server uses, for callers that need no key. Paths in the data folder become relative
 * to it, our command becomes `bin/appflow`, and of other paths, only the last part stays.
 */
export function withoutFolders(sentence: string, dataDir: string): string {
  // As messages contain it: as configured, or from the root. The longer one first.
  const folders = [join(resolve(dataDir), '/'), join(dataDir, '/')].map(escapeForRegExp);
  const dataFolder = new RegExp(String.raw`(?<![\w./-])(?:${folders.join('|')})`, 'g');
  const itself = new RegExp(String.raw`(?<![\w./-])${escapeForRegExp(resolve(dataDir))}(?![\w/-])`, 'g');
  return sentence
    .replace(dataFolder, '')
    .replace(itself, 'the data folder')
    .replace(COMMAND, 'bin/appflow')
    .replace(QUOTED_PATH, '$1')
    .replace(PATH, '$1');
}
