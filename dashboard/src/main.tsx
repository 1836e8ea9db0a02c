import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles.css';
import { whenSignedOut } from './api/http.ts';
import { isAccessLost } from './api/problem.ts';
import { queryClient } from './api/query-client.ts';
import { leaveToSignIn, refreshSession } from './api/session.ts';
import { refreshNow } from './lib/now.ts';
import { router } from './router/router.tsx';
import { followSystemTheme } from './shell/theme.ts';

followSystemTheme();
whenSignedOut(() => {
  const { pathname, search } = window.location;
  if (pathname !== '/sign-in') leaveToSignIn(pathname + search);
});

queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated') return;
  // New data may be newer than the clock that its relative times are shown by.
  if (event.action.type === 'success') refreshNow();
  // The session says whether the person was removed or has another role, and every page depends on it.
  if (event.action.type === 'error' && isAccessLost(event.action.error)) void refreshSession(queryClient);
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
const page = createRoot(root);
// The outline in index.html stays until the first page can be shown.
void router.load().then(() =>
  page.render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  ),
);
