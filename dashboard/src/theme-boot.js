// Runs before the first paint, see vite.config.ts. The same rule as src/lib/theme.ts.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('appflow-theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const isDark = choice ? choice === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.toggle('dark', isDark);
})();
