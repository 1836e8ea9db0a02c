import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { api } from '../../api/http.ts';
import { sentenceOf } from '../../api/problem.ts';
import { sessionQuery, useSession } from '../../api/session.ts';
import { isCancelled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { TotpDialog, type TotpEnrolment } from './totp-dialog.tsx';

/** The second factor: a code from an authenticator app at each sign-in. */
export function TotpCard() {
  const { user } = useSession();
  const [enrolment, setEnrolment] = useState<TotpEnrolment>();
  const [isEnding, setEnding] = useState(false);
  const client = useQueryClient();
  const onError = (error: unknown) => {
    if (!isCancelled(error)) toast.error(sentenceOf(error));
  };
  const begin = useMutation({
    gcTime: 0,
    mutationFn: () => api<TotpEnrolment>('POST', '/app/v1/account/totp', { body: {}, stepUp: true }),
    onSuccess: setEnrolment,
    onError,
  });
  const end = useMutation({
    mutationFn: () => api('DELETE', '/app/v1/account/totp', { stepUp: true }),
    onSuccess: async () => {
      setEnding(false);
      toast.success('Two-factor authentication is off.');
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
    onError,
  });
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            Two-factor authentication
            {user.has_totp && (
              <Badge tone="good">
                <ShieldCheck aria-hidden />
                On
              </Badge>
            )}
          </span>
        }
        description="A stolen password alone then opens nothing: signing in also asks for a code from your phone."
      />
      <CardBody>
        {user.has_totp ? (
          <Button variant="danger" onClick={() => setEnding(true)}>
            Turn off
          </Button>
        ) : (
          <Button onClick={() => begin.mutate()} isBusy={begin.isPending}>
            Set up authenticator app
          </Button>
        )}
      </CardBody>
      {enrolment && <TotpDialog enrolment={enrolment} onClose={() => setEnrolment(undefined)} />}
      {isEnding && (
        <ConfirmDialog
          isDanger
          onClose={() => setEnding(false)}
          title="Turn off two-factor authentication?"
          description="Your password alone will then open your account. Your backup codes stop working."
          confirm="Turn off"
          isBusy={end.isPending}
          onConfirm={() => end.mutate()}
        />
      )}
    </Card>
  );
}
