// Runs before the first paint, see vite.config.ts: what the page looks like until its scripts are there.
(() => {
  const find = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      // A browser that keeps nothing follows the system, and is taken for a visitor's.
      return null;
    }
  };
  const { classList, dataset } = document.documentElement;
  // The same rule as in src/lib/theme.ts.
  const choice = find('appflow-theme');
  classList.toggle('dark', choice ? choice === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  // The mark of src/api/session.ts, on pages that have the frame of src/shell/shell.tsx.
  if (find('appflow-signed-in') && /^\/(p\/|$)/.test(location.pathname)) dataset.outline = 'project';
})();
