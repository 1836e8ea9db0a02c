import { renderHome } from './home.ts';
import { addressOf, type Page } from './layout.ts';
import { renderMarkdown } from './markdown.ts';
import type { OpenApi } from './reference/openapi.ts';
import type { RecordedAnswers } from './reference/operation.ts';
import { renderReference } from './reference/pages.ts';
import {
  ANSWERS_FILE,
  type Entry,
  OPENAPI_FILE,
  readTableOfContents,
  readText,
} from './table-of-contents.ts';

/** In the list of pages, it is the whole reference, which is made from the OpenAPI document. */
const API_FILE = 'docs/api.md';

/** Returns every page of the site, in the order of the navigation; the first page is the one at `/docs`. */
export function buildPages(): Page[] {
  const readme = readText('README.md');
  const sections = readTableOfContents();
  const entries = sections.flatMap((section) => section.entries);
  const findPage = (file: string) => {
    const entry = entries.find((one) => one.file === file);
    return entry && addressOf(entry.slug);
  };
  const pages = sections.flatMap(({ label, entries: members }) =>
    members.flatMap((entry) =>
      entry.file === API_FILE ? buildReference(label, entry.summary) : [buildPage(entry, label, findPage)],
    ),
  );
  const home = {
    ...EMPTY,
    slug: '',
    label: 'Home',
    title: 'Appflow documentation',
    html: renderHome(pages, aboutOf(readme)),
  };
  return [home, ...pages];
}

const EMPTY = { summary: '', section: '', headings: [], isReference: false };

/** The first paragraph of the README. */
const aboutOf = (readme: string) => (readme.split('\n\n')[1] ?? '').replaceAll('\n', ' ');

function buildPage(
  { slug, label, summary, file }: Entry,
  section: string,
  findPage: (file: string) => string | undefined,
): Page {
  const text = readText(file);
  const markdown = file === 'README.md' ? cutQuickStart(text) : text;
  const rendered = renderMarkdown(markdown, file, findPage);
  return { slug, label, summary, section, isReference: false, ...rendered };
}

/** The README from its quick start to its first event and its history: the rest is about the repository. */
function cutQuickStart(readme: string): string {
  const [, rest = ''] = readme.split('\n## Quick start\n');
  return `# Quick start\n${rest.split('\n## Key concepts\n')[0] ?? ''}`;
}

function buildReference(section: string, summary: string): Page[] {
  const api = JSON.parse(readText(OPENAPI_FILE)) as OpenApi;
  const answers = JSON.parse(readText(ANSWERS_FILE)) as RecordedAnswers;
  return renderReference(api, answers).map(({ slug, title, html, operations }) => ({
    slug,
    label: slug === 'api' ? 'Overview' : title,
    title,
    summary: slug === 'api' ? summary : (api.tags.find(({ name }) => name === title)?.description ?? ''),
    section,
    html,
    headings: operations.map((operation) => ({
      level: 2,
      id: operation.operationId,
      text: operation.summary,
    })),
    isReference: true,
  }));
}
