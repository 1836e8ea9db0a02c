// Runs before the first paint, see vite.config.ts: sets how the page looks until its scripts have loaded.
(() => {
  const find = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      // A browser without storage follows the system theme and counts as signed out.
      return null;
    }
  };
  const { classList, dataset } = document.documentElement;
  // The same rule as in src/shell/theme.ts.
  const choice = find('appflow-theme');
  classList.toggle('dark', choice ? choice === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  // The mark set in src/api/session.ts, on pages that use src/shell/shell.tsx.
  if (find('appflow-signed-in') && /^\/(p\/|$)/.test(location.pathname)) dataset.outline = 'project';
})();
