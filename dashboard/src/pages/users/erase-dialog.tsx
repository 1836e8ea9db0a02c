import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { App, UserProfile } from '../../api/answers.ts';
import { errorMessage } from '../../api/problem.ts';
import { isCanceled } from '../../api/step-up.ts';
import { eraseUser, type UserRef } from '../../api/users.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Select } from '../../components/ui/select.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import { formatAmount } from '../../lib/format.ts';
import { ErasureDialog } from './erasure-dialog.tsx';

type EraseDialogProps = {
  user: UserRef;
  profile: UserProfile;
  apps: readonly App[];
  onClose: () => void;
};

/** Erases a user, after the ID was typed and the password given, and shows how far it is. Open while mounted. */
export function EraseDialog({ user, profile, apps, onClose }: EraseDialogProps) {
  const [appId, setAppId] = useState(user.appId);
  const erase = useMutation({ mutationFn: () => eraseUser({ ...user, appId }) });
  if (erase.data) return <ErasureDialog projectId={user.projectId} started={erase.data} onClose={onClose} />;
  return (
    <ConfirmDialog
      isDanger
      onClose={onClose}
      title="Erase this user?"
      description="This cannot be undone."
      confirm="Erase user"
      nameToType={profile.app_user_id}
      isBusy={erase.isPending}
      onConfirm={() => erase.mutate()}
    >
      <div className="grid gap-4 pb-4 text-note">
        {apps.length > 1 && (
          <Field label="Erase from">
            {(control) => (
              <Select {...control} value={appId} onChange={({ target }) => setAppId(target.value)}>
                {apps.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
                <option value={ALL_APPS}>All apps</option>
              </Select>
            )}
          </Field>
        )}
        <Consequences profile={profile} />
        {erase.error && !isCanceled(erase.error) && (
          <Callout tone="bad" isAlert title="Couldn't erase the user">
            {errorMessage(erase.error)}
          </Callout>
        )}
      </div>
    </ConfirmDialog>
  );
}

function Consequences({ profile: { ids } }: { profile: UserProfile }) {
  return (
    <>
      <Points title="What is deleted">
        <li>All events{ids.length > 1 && `, with ${formatAmount(ids.length, 'ID')} of this person`}</li>
        <li>The profile, its properties, and the links between IDs</li>
        <li>The user's part of every metric: past totals get smaller</li>
        <li>Samples of the user's rejected events</li>
      </Points>
      <Points title="What stays">
        <li>A keyed hash of each ID, so that old events that arrive late are rejected</li>
        <li>For 30 days, keyed hashes of the event IDs, so that no event is counted again</li>
        <li>An entry in the audit log, with the hash instead of the ID</li>
        <li>Backups and exports that you made: delete them yourself</li>
      </Points>
      <p className="text-soft">If this person uses the app again, the new events start a new profile.</p>
    </>
  );
}

function Points({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid gap-1">
      <h3 className="font-medium">{title}</h3>
      <ul className="grid list-disc gap-0.5 pl-5 text-soft">{children}</ul>
    </section>
  );
}
