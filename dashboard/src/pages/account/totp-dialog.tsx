import { useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { encode } from 'uqr';
import { confirmTotp } from '../../api/account.ts';
import type { TotpEnrollment } from '../../api/answers.ts';
import { fieldError } from '../../api/problem.ts';
import { refreshSession } from '../../api/session.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ShownOnceDialog } from '../../components/shown-once-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { downloadText } from '../../lib/download.ts';
import { withoutSpaces } from '../../lib/without-spaces.ts';

type TotpDialogProps = { enrollment: TotpEnrollment; onClose: () => void };

/** Shows the secret for the app, confirms it by a code, then shows the backup codes once. */
export function TotpDialog({ enrollment, onClose }: TotpDialogProps) {
  const [isOn, setOn] = useState(false);
  if (isOn) return <BackupCodes codes={enrollment.backup_codes} onClose={onClose} />;
  return <ScanForm enrollment={enrollment} onClose={onClose} onConfirmed={() => setOn(true)} />;
}

function ScanForm({ enrollment, onClose, onConfirmed }: TotpDialogProps & { onConfirmed: () => void }) {
  const [code, setCode] = useState('');
  const client = useQueryClient();
  const confirm = async () => {
    await confirmTotp(withoutSpaces(code));
    onConfirmed();
    await refreshSession(client);
  };
  return (
    <FormDialog
      title="Set up authenticator app"
      description="Scan the code with an app such as 1Password, Aegis or Google Authenticator."
      action={{ subject: 'Two-factor authentication', done: 'turned on', isRepeatable: false }}
      submitLabel="Turn on"
      onSubmit={confirm}
      onClose={onClose}
    >
      {(error) => (
        <>
          <QrCode text={enrollment.uri} />
          <div className="flex items-center justify-center gap-1 text-note">
            <span className="shrink-0 text-soft">Or enter:</span>
            <code className="min-w-0 font-mono">{spaced(enrollment.secret)}</code>
            <CopyButton text={enrollment.secret} what="secret" />
          </div>
          <Field
            label="Code from the app"
            hint="Enter the 6-digit code from your app."
            error={fieldError(error, 'code')}
          >
            {(control) => (
              <Input
                {...control}
                required
                autoFocus
                inputMode="numeric"
                autoComplete="one-time-code"
                maxLength={7}
                className="font-mono tracking-widest"
                value={code}
                onChange={(event) => setCode(event.target.value)}
              />
            )}
          </Field>
        </>
      )}
    </FormDialog>
  );
}

/** In groups of four, which are easier to type. Apps ignore the spaces. */
const spaced = (secret: string) => secret.replaceAll(/.{4}(?=.)/g, '$& ');

/** Dark on light in both themes, as scanners expect. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg
      role="img"
      aria-label="QR code for the authenticator app"
      viewBox={`0 0 ${size} ${size}`}
      className="mx-auto size-44 rounded-lg bg-white"
      shapeRendering="crispEdges"
    >
      <path d={path} fill="black" />
    </svg>
  );
}

function BackupCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const text = codes.join('\n');
  return (
    <ShownOnceDialog
      className="max-w-md"
      title="Save your backup codes"
      description="Use one if you lose your phone. Each works once. They won't be shown again."
      confirmation="I have saved these codes"
      onClose={onClose}
    >
      <Callout tone="warn">Don't keep them on your phone. A password manager is a good place.</Callout>
      <ul className="grid grid-cols-2 gap-2 rounded-lg border bg-muted/60 p-4 text-center font-mono text-sm">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={text} what="codes" hasLabel variant="secondary" />
        <Button size="sm" onClick={() => downloadText('appflow-backup-codes.txt', `${text}\n`)}>
          <Download aria-hidden />
          Download
        </Button>
      </div>
    </ShownOnceDialog>
  );
}
