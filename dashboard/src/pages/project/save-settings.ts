import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SettingsChange } from '../../api/answers.ts';
import { errorMessage, Problem } from '../../api/problem.ts';
import { settingsQuery, updateSettings, useProject } from '../../api/project.ts';
import { refreshSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';

const isInvalid = (error: unknown) => error instanceof Problem && error.errors.length > 0;

/** Returns the mutation that changes the project's settings, with toasts. */
export function useSaveSettings() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsChange) => updateSettings(project.id, body),
    onSuccess: async (settings) => {
      client.setQueryData(settingsQuery(project.id).queryKey, settings);
      toast.success('Settings saved.');
      // The sidebar shows the name.
      await refreshSession(client);
    },
    onError: (error) =>
      // Wrong values are shown beside their fields.
      isCanceled(error) ||
      isInvalid(error) ||
      toast.error(`Couldn't save the settings. ${errorMessage(error)}`),
  });
}
