import { createCssVariablesTheme, createHighlighterCore } from '@shikijs/core';
import { createJavaScriptRegexEngine } from '@shikijs/engine-javascript';
import { escapeHtml } from './html.ts';

const THEME = createCssVariablesTheme({ name: 'appflow', variablePrefix: '--code-' });

const highlighter = await createHighlighterCore({
  engine: createJavaScriptRegexEngine(),
  themes: [THEME],
  langs: [
    import('@shikijs/langs/csharp'),
    import('@shikijs/langs/dart'),
    import('@shikijs/langs/html'),
    import('@shikijs/langs/http'),
    import('@shikijs/langs/ini'),
    import('@shikijs/langs/json'),
    import('@shikijs/langs/kotlin'),
    import('@shikijs/langs/nginx'),
    import('@shikijs/langs/python'),
    import('@shikijs/langs/shellscript'),
    import('@shikijs/langs/swift'),
    import('@shikijs/langs/tsx'),
    import('@shikijs/langs/yaml'),
  ],
});

const known = new Set(highlighter.getLoadedLanguages());

/** A token with its color. */
const TOKEN = /<span style="color:var\(--code-(?:token-)?([\w-]+)\)">([^<]*)<\/span>/g;

const LABELS: Readonly<Record<string, string>> = {
  caddyfile: 'Caddyfile',
  csharp: 'C#',
  dart: 'Dart',
  haproxy: 'HAProxy',
  html: 'HTML',
  http: 'HTTP',
  ini: 'Configuration',
  json: 'JSON',
  kotlin: 'Kotlin',
  nginx: 'nginx',
  python: 'Python',
  sh: 'Shell',
  shell: 'Shell',
  swift: 'Swift',
  ts: 'TypeScript',
  tsx: 'TypeScript',
  yaml: 'YAML',
};

/** Returns a block of code with its tokens as HTML, and a copy button. */
export function renderCode(code: string, language: string, label = LABELS[language] ?? ''): string {
  const text = code.replace(/\n$/, '');
  const tokens = known.has(language) ? highlight(text, language) : escapeHtml(text);
  return `<figure class="code"><figcaption>${escapeHtml(label)}</figcaption>${copyButton}<pre tabindex="0"><code>${tokens}</code></pre></figure>`;
}

/** Returns the tokens of some code as HTML. */
export function highlight(text: string, lang: string): string {
  const html = highlighter.codeToHtml(text, { lang, theme: THEME.name ?? '', structure: 'inline' });
  // Colors become classes: they are short, and follow the theme by CSS.
  return html
    .replaceAll('<br>', '\n')
    .replaceAll(TOKEN, (_, name: string, inner: string) =>
      name === 'foreground' ? inner : `<span class="t-${name}">${inner}</span>`,
    );
}

/** The script of the pages shows it: without a script it would do nothing. */
export const copyButton = '<button type="button" class="copy" hidden>Copy</button>';
