import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { offerTotp, removeTotp } from '../../api/account.ts';
import type { TotpEnrollment } from '../../api/answers.ts';
import { errorMessage } from '../../api/problem.ts';
import { refreshSession, useSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { TotpDialog } from './totp-dialog.tsx';

/** The second factor: a code from an authenticator app at every sign-in. */
export function TotpCard() {
  const { user } = useSession();
  const [enrollment, setEnrollment] = useState<TotpEnrollment>();
  const [isTurningOff, setTurningOff] = useState(false);
  const client = useQueryClient();
  const onError = (error: unknown) => {
    if (!isCanceled(error)) toast.error(errorMessage(error));
  };
  const setUp = useMutation({
    gcTime: 0,
    mutationFn: offerTotp,
    onSuccess: setEnrollment,
    onError,
  });
  const turnOff = useMutation({
    mutationFn: removeTotp,
    onSuccess: async () => {
      setTurningOff(false);
      toast.success('Two-factor authentication is off.');
      await refreshSession(client);
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
        description="Protects your account even if your password is stolen: signing in also requires a code from your phone."
      />
      <CardBody>
        {user.has_totp ? (
          <Button variant="danger" onClick={() => setTurningOff(true)}>
            Turn off
          </Button>
        ) : (
          <Button onClick={() => setUp.mutate()} isBusy={setUp.isPending}>
            Set up authenticator app
          </Button>
        )}
      </CardBody>
      {enrollment && <TotpDialog enrollment={enrollment} onClose={() => setEnrollment(undefined)} />}
      {isTurningOff && (
        <ConfirmDialog
          isDanger
          onClose={() => setTurningOff(false)}
          title="Turn off two-factor authentication?"
          description="You'll sign in with your password only. Your backup codes stop working."
          confirm="Turn off"
          isBusy={turnOff.isPending}
          onConfirm={() => turnOff.mutate()}
        />
      )}
    </Card>
  );
}
