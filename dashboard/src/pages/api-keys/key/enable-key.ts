import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { useKeyActions } from '../../../api/keys.ts';
import { errorMessage } from '../../../api/problem.ts';
import { isCanceled } from '../../../api/step-up.ts';

/** Returns a function that enables or disables a key, with toasts, and whether it is running. */
export function useEnableKey() {
  const { update } = useKeyActions();
  const enable = async (key: ApiKey, isEnabled: boolean) => {
    try {
      await update.mutateAsync({ key, body: { disabled: !isEnabled } });
      toast.success(`${key.name} is ${isEnabled ? 'enabled' : 'disabled'}.`);
    } catch (error) {
      if (!isCanceled(error)) toast.error(errorMessage(error));
    }
  };
  return { enable, isBusy: update.isPending };
}
