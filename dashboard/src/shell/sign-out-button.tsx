import { useMutation } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { toast } from 'sonner';
import { errorMessage } from '../api/problem.ts';
import { leaveToSignIn, signOut } from '../api/session.ts';
import { Button } from '../components/ui/button.tsx';

/** Returns the mutation that ends the session and opens the sign-in page. */
export function useSignOut() {
  return useMutation({
    mutationFn: signOut,
    onSuccess: () => leaveToSignIn(),
    onError: (error) => toast.error(`You're still signed in. ${errorMessage(error)}`),
  });
}

/** Signs out: for pages without the user menu. */
export function SignOutButton() {
  const leave = useSignOut();
  return (
    <Button isBusy={leave.isPending} onClick={() => leave.mutate()}>
      <LogOut aria-hidden />
      Sign out
    </Button>
  );
}
