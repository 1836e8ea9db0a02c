import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { Button } from './ui/button.tsx';
import { Field } from './ui/field.tsx';
import { Input } from './ui/input.tsx';

type PasswordFieldProps = {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  /** A new password: password managers then offer one. */
  isNew?: boolean;
  autoFocus?: boolean;
  hint?: string;
  error?: string | undefined;
};

/** A password field with a button that reveals the text. */
export function PasswordField(props: PasswordFieldProps) {
  const { label = 'Password', value, onChange, isNew, autoFocus, hint, error } = props;
  const [isShown, setShown] = useState(false);
  const Icon = isShown ? EyeOff : Eye;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            required
            type={isShown ? 'text' : 'password'}
            autoComplete={isNew ? 'new-password' : 'current-password'}
            autoFocus={autoFocus}
            className="pr-11"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <Button
            variant="ghost"
            size="icon-sm"
            className="absolute top-0.5 right-0.5"
            aria-label={isShown ? 'Hide password' : 'Show password'}
            onClick={() => setShown(!isShown)}
          >
            <Icon />
          </Button>
        </div>
      )}
    </Field>
  );
}
