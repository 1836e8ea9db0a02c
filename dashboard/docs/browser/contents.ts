/** Marks the heading that is being read in the list of headings. */
export function followContents(): void {
  const links = new Map(
    [...document.querySelectorAll<HTMLAnchorElement>('.contents a, .navigation a[href^="#"]')].map((link) => [
      link.hash.slice(1),
      link,
    ]),
  );
  const sections = [...links.keys()].map((id) => document.getElementById(id)).filter((one) => one !== null);
  let current: HTMLAnchorElement | undefined;
  const mark = () => {
    const above = sections.findLast((section) => section.getBoundingClientRect().top < 120);
    const next = links.get(above?.id ?? '');
    if (next === current) return;
    current?.removeAttribute('data-current');
    next?.setAttribute('data-current', '');
    current = next;
  };
  let isWaiting = false;
  addEventListener(
    'scroll',
    () => {
      if (isWaiting) return;
      isWaiting = true;
      requestAnimationFrame(() => {
        isWaiting = false;
        mark();
      });
    },
    { passive: true },
  );
  mark();
}
