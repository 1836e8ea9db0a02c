import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { Session } from '../../api/answers.ts';
import { keepSession } from '../../api/session.ts';

/** Returns how to enter the dashboard with a session just begun. */
export function useEnter(): (session: Session, path?: string) => void {
  const client = useQueryClient();
  const router = useRouter();
  return (session, path = '/') => {
    keepSession(client, session);
    router.history.replace(path);
  };
}
