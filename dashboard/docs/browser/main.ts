import '../styles/docs.css';
import { copyText } from '../../src/components/copy-text.ts';
import { chooseTheme, followSystemTheme } from '../../src/shell/theme.ts';
import { SAMPLE_ORIGIN } from '../reference/sample-origin.ts';
import { followContents } from './contents.ts';
import { addSearch } from './search.ts';

const all = <E extends HTMLElement>(selector: string) => [...document.querySelectorAll<E>(selector)];

/** Samples name this server, so that they work when copied. */
function fillInOrigin(): void {
  for (const code of all('.request code')) {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      text.nodeValue = (text.nodeValue ?? '').replace(SAMPLE_ORIGIN, location.origin);
    }
  }
}

function addCopyButtons(): void {
  for (const button of all<HTMLButtonElement>('button.copy')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const blocks = [...(button.parentElement?.querySelectorAll<HTMLElement>('pre') ?? [])];
      const shown = blocks.find((block) => block.offsetParent !== null);
      const isCopied = await copyText(shown?.textContent ?? '');
      button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 2_000);
    });
  }
}

const LANGUAGE = 'appflow-docs-language';

/** One choice of language for all samples, kept in this browser. */
function addLanguages(): void {
  const selects = all<HTMLSelectElement>('select.language');
  const show = (language: string) => {
    document.documentElement.dataset.language = language;
    for (const select of selects) select.value = language;
  };
  for (const select of selects) {
    select.hidden = false;
    select.addEventListener('change', () => {
      localStorage.setItem(LANGUAGE, select.value);
      const { top } = select.getBoundingClientRect();
      show(select.value);
      // The samples above may have become longer or shorter.
      scrollBy({ top: select.getBoundingClientRect().top - top, behavior: 'instant' });
    });
  }
  show(localStorage.getItem(LANGUAGE) ?? 'curl');
}

function addThemeButton(): void {
  const button = document.querySelector<HTMLButtonElement>('button.theme');
  if (!button) return;
  button.hidden = false;
  button.addEventListener('click', () =>
    chooseTheme(document.documentElement.classList.contains('dark') ? 'light' : 'dark'),
  );
}

/** Shows the current page in the navigation. On phones, it covers the page: it closes when a link only moves within the page. */
function addNavigation(): void {
  const navigation = document.querySelector<HTMLElement>('#navigation');
  navigation?.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLAnchorElement && navigation.matches(':popover-open')) navigation.hidePopover();
  });
  const current = navigation?.querySelector<HTMLElement>('[aria-current]');
  if (navigation && current) navigation.scrollTop = current.offsetTop - navigation.clientHeight / 2;
}

fillInOrigin();
addCopyButtons();
addLanguages();
addThemeButton();
addNavigation();
followContents();
addSearch();
followSystemTheme();
