import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SettingsChange } from '../../api/answers.ts';
import { errorMessage } from '../../api/problem.ts';
import { settingsQuery, updateSettings, useProject } from '../../api/project.ts';
import { refreshSession } from '../../api/session.ts';
import { isCanceled } from '../../api/step-up.ts';

/** Returns the mutation that changes the project's settings, with toasts. */
export function useSaveSettings() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsChange) => updateSettings(project.id, body),
    onSuccess: async (settings) => {
      client.setQueryData(settingsQuery(project.id).queryKey, settings);
      toast.success('The settings are saved.');
      // The sidebar shows the name.
      await refreshSession(client);
    },
    onError: (error) =>
      isCanceled(error) || toast.error(`The settings were not saved. ${errorMessage(error)}`),
  });
}
