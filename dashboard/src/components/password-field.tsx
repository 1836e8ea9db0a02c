import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { Button } from './ui/button.tsx';
import { Field } from './ui/field.tsx';
import { Input } from './ui/input.tsx';

type PasswordFieldProps = {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  /** Whether it is being chosen: then password managers offer one. */
  isNew?: boolean;
  autoFocus?: boolean;
  hint?: string;
  mistake?: string | undefined;
};

/** A password, which can be looked at while typing. */
export function PasswordField(props: PasswordFieldProps) {
  const { label = 'Password', value, onChange, isNew, autoFocus, hint, mistake } = props;
  const [isShown, setShown] = useState(false);
  const Icon = isShown ? EyeOff : Eye;
  return (
    <Field label={label} hint={hint} mistake={mistake}>
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
