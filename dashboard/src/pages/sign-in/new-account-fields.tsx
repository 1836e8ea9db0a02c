import { NAME_RULES } from '../../../../src/directory/field-rules.ts';
import { fieldError } from '../../api/problem.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { findPasswordError, PASSWORD_MIN } from '../../lib/password-rules.ts';

export type NewAccount = { name: string; email: string; password: string };

type NewAccountFieldsProps = {
  account: NewAccount;
  onChange: (account: NewAccount) => void;
  /** The address comes from the invitation. */
  isEmailFixed?: boolean;
  wasSubmitted: boolean;
  error: unknown;
};

/** The fields of a new account: name, email address, password. */
export function NewAccountFields({
  account,
  onChange,
  isEmailFixed,
  wasSubmitted,
  error,
}: NewAccountFieldsProps) {
  return (
    <>
      <Field label="Your name" error={fieldError(error, 'name')}>
        {(control) => (
          <Input
            {...control}
            required
            autoFocus
            maxLength={NAME_RULES.maxLength}
            autoComplete="name"
            value={account.name}
            onChange={(event) => onChange({ ...account, name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Email" error={fieldError(error, 'email')}>
        {(control) => (
          <Input
            {...control}
            type="email"
            required
            readOnly={isEmailFixed}
            autoComplete="username"
            value={account.email}
            onChange={(event) => onChange({ ...account, email: event.target.value })}
          />
        )}
      </Field>
      <PasswordField
        isNew
        value={account.password}
        onChange={(password) => onChange({ ...account, password })}
        hint={`At least ${PASSWORD_MIN} characters.`}
        error={
          (wasSubmitted ? findPasswordError(account.password) : undefined) ?? fieldError(error, 'password')
        }
      />
    </>
  );
}
