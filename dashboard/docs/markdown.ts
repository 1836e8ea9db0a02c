import { posix } from 'node:path';
import { Marked, type Tokens } from 'marked';
import { renderCode } from './highlight.ts';
import { anchorOf, escapeHtml, toText } from './html.ts';

/** A heading of a page. */
export type Heading = { level: number; id: string; text: string };

/** A page as HTML; its title is not part of the HTML. */
export type Rendered = { title: string; html: string; headings: readonly Heading[] };

/** Returns the address of a Markdown file of the repository; undefined if it is not on the site. */
export type FindPage = (file: string) => string | undefined;

/**
 * Renders a Markdown file of the repository. Links to other pages become addresses of the site; links to files that are only
 * in the repository, such as decisions, become text.
 */
export function renderMarkdown(markdown: string, file: string, findPage: FindPage): Rendered {
  const headings: Heading[] = [];
  let title = '';
  const used = new Map<string, number>();
  const toId = (text: string) => {
    const id = anchorOf(text);
    const count = used.get(id) ?? 0;
    used.set(id, count + 1);
    return count === 0 ? id : `${id}-${count}`;
  };
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens);
        const text = toText(inner);
        const id = toId(text);
        if (depth === 1 && title === '') {
          title = text;
          return '';
        }
        const level = Math.max(depth, 2);
        headings.push({ level, id, text });
        const anchor = `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
        return `<h${level} id="${id}">${inner}${anchor}</h${level}>\n`;
      },
      link({ href, tokens }) {
        return renderLink(resolve(href, file, findPage), this.parser.parseInline(tokens));
      },
      code: ({ text, lang = '' }: Tokens.Code) => renderCode(text, lang.split(' ')[0] ?? ''),
      html: ({ text }) => (text.startsWith('<!--') ? '' : text),
      image: () => '',
    },
  });
  const html = (marked.parse(markdown) as string)
    .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>');
  return { title, html, headings };
}

/** Returns a short text in Markdown, such as the description of a field, as HTML. */
export function renderInline(markdown: string): string {
  return new Marked().parseInline(markdown) as string;
}

function resolve(href: string, file: string, findPage: FindPage): string | undefined {
  if (href.startsWith('https:') || href.startsWith('#')) return href;
  const [path = '', anchor] = href.split('#');
  const page = findPage(posix.join(posix.dirname(file), path));
  return page === undefined || anchor === undefined ? page : `${page}#${anchor}`;
}

function renderLink(href: string | undefined, inner: string): string {
  if (href === undefined) return inner;
  const target = href.startsWith('http') ? ' target="_blank" rel="noreferrer"' : '';
  return `<a href="${escapeHtml(href)}"${target}>${inner}</a>`;
}
