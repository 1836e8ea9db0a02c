import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One page of the documentation. */
export type Entry = {
  /** The address below `/docs`, such as `metrics`. */
  slug: string;
  label: string;
  summary: string;
  /** The Markdown file, relative to the repository. */
  file: string;
};

/** A group of the navigation. */
export type Section = { label: string; entries: readonly Entry[] };

/** The page that comes from the README itself. */
const QUICK_START: Section = {
  label: 'Get started',
  entries: [
    {
      slug: 'quick-start',
      label: 'Quick start',
      summary: 'from an empty folder to the first event and its metrics',
      file: 'README.md',
    },
  ],
};

/** The group of the README that is about the repository, not about using Appflow. */
const NOT_ON_SITE = 'Project';

const ITEM = /^- \[([^\]]+)\]\(([^)]+\.md)\): (.+)$/;

/**
 * Returns the navigation: the list under "Documentation" in the README, so that repository and site have one table of
 * contents.
 */
export function readTableOfContents(): readonly Section[] {
  const [, list = ''] = readText('README.md').split('\n## Documentation\n');
  const sections: { label: string; entries: Entry[] }[] = [];
  for (const line of (list.split('\n## ')[0] ?? '').split('\n')) {
    const [, label] = /^(\w[\w ]*):$/.exec(line) ?? [];
    if (label !== undefined) sections.push({ label, entries: [] });
    const [, name, file, summary] = ITEM.exec(line) ?? [];
    if (name === undefined || file === undefined || summary === undefined) continue;
    sections.at(-1)?.entries.push({ slug: slugOf(file), label: name, summary, file });
  }
  return [QUICK_START, ...sections.filter(({ label }) => label !== NOT_ON_SITE)];
}

const slugOf = (file: string) => (file.split('/').at(-1) ?? '').replace('.md', '').toLowerCase();

const REPOSITORY = join(import.meta.dirname, '../..');

/** What the API reference is made from: the OpenAPI document, and the answers of a real server. */
export const OPENAPI_FILE = 'docs/openapi.json';
export const ANSWERS_FILE = 'docs/answers.json';

/** Returns the text of a file of the repository. */
export const readText = (file: string): string => readFileSync(join(REPOSITORY, file), 'utf8');

/** Returns the files that the pages are made from, relative to the repository. */
export function listSourceFiles(): string[] {
  const entries = readTableOfContents().flatMap((section) => section.entries);
  return [...new Set([...entries.map(({ file }) => file), OPENAPI_FILE, ANSWERS_FILE])];
}
