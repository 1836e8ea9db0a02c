import type MiniSearch from 'minisearch';
import type { SearchResult } from 'minisearch';
import { readSearchIndex, type SearchEntry } from '../search.ts';

const RESULTS_MAX = 12;

const MARKUP = `<form method="dialog"><input type="search" role="combobox" aria-label="Search the docs" aria-expanded="true"
aria-controls="results" autocomplete="off" spellcheck="false" placeholder="Search the docs"><button aria-label="Esc: close the search">Esc</button></form>
<div id="results" role="listbox" aria-label="Results"></div><p role="status"></p>`;

/** Adds the search: a button, and the keys `/` and Ctrl+K. The index is loaded when it is first opened. */
export function addSearch(): void {
  const button = document.querySelector<HTMLButtonElement>('button.find');
  if (!button) return;
  button.hidden = false;
  let dialog: SearchDialog | undefined;
  const open = () => {
    dialog ??= createDialog();
    dialog.open();
  };
  button.addEventListener('click', open);
  addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea');
    const isShortcut =
      (event.key === '/' && !isTyping) || (event.key === 'k' && (event.metaKey || event.ctrlKey));
    if (!isShortcut) return;
    event.preventDefault();
    open();
  });
}

type SearchDialog = { open: () => void };

async function loadIndex(): Promise<MiniSearch<SearchEntry>> {
  const response = await fetch(document.body.dataset.searchIndex ?? '');
  if (!response.ok) throw new Error(`The search index answered ${response.status}.`);
  return readSearchIndex(await response.text());
}

function createDialog(): SearchDialog {
  const element = document.createElement('dialog');
  element.className = 'search';
  element.setAttribute('aria-label', 'Search');
  element.innerHTML = MARKUP;
  document.body.append(element);
  const input = element.querySelector('input') as HTMLInputElement;
  const list = element.querySelector('[role=listbox]') as HTMLElement;
  const status = element.querySelector('[role=status]') as HTMLElement;
  const loading = loadIndex();
  let chosen = 0;

  const choose = (at: number) => {
    const { children } = list;
    chosen = Math.max(0, Math.min(at, children.length - 1));
    for (const [index, child] of [...children].entries())
      child.setAttribute('aria-selected', String(index === chosen));
    children[chosen]?.scrollIntoView({ block: 'nearest' });
    if (children[chosen]) input.setAttribute('aria-activedescendant', `result-${chosen}`);
    else input.removeAttribute('aria-activedescendant');
  };

  const search = async () => {
    try {
      const results = (await loading).search(input.value).slice(0, RESULTS_MAX);
      list.replaceChildren(...results.map(renderResult));
      status.textContent =
        results.length > 0 || input.value.trim() === '' ? '' : 'No results. Try fewer or other words.';
      choose(0);
    } catch {
      status.textContent = "Couldn't load the search. Reload the page to try again.";
    }
  };

  input.addEventListener('input', () => void search());
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      list.querySelectorAll('a')[chosen]?.click();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(chosen + step);
  });
  element.addEventListener('click', ({ target }) => {
    // Outside the content, a click is on the dialog itself; a result may lead to the same page.
    if (target === element || (target instanceof Element && target.closest('a'))) element.close();
  });
  return {
    open() {
      if (!element.open) element.showModal();
      input.select();
    },
  };
}

function renderResult({ url, page, heading, text }: SearchResult, at: number): HTMLAnchorElement {
  const link = document.createElement('a');
  link.id = `result-${at}`;
  link.role = 'option';
  link.href = url;
  link.tabIndex = -1;
  const add = (tag: string, content: string) => {
    const part = document.createElement(tag);
    part.textContent = content;
    link.append(part);
  };
  add('strong', heading);
  if (page !== heading) add('em', page);
  add('span', text);
  return link;
}
