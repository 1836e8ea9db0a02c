import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { Session } from '../../api/answers.ts';
import { keepSession } from '../../api/session.ts';

/** Returns a function that opens the dashboard with a new session. */
export function useOpenDashboard(): (session: Session, path?: string) => void {
  const client = useQueryClient();
  const router = useRouter();
  return (session, path = '/') => {
    keepSession(client, session);
    router.history.replace(path);
  };
}
