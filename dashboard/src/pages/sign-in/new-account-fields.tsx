import { mistakeIn } from '../../api/problem.ts';
import { PasswordField } from '../../components/password-field.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { findPasswordMistake, PASSWORD_MIN } from '../../lib/password-rules.ts';

export type NewAccount = { name: string; email: string; password: string };

type NewAccountFieldsProps = {
  account: NewAccount;
  onChange: (account: NewAccount) => void;
  /** The address is given by the invitation. */
  isEmailFixed?: boolean;
  wasTried: boolean;
  error: unknown;
};

/** What an account needs: a name, an e-mail address, a password. */
export function NewAccountFields({
  account,
  onChange,
  isEmailFixed,
  wasTried,
  error,
}: NewAccountFieldsProps) {
  return (
    <>
      <Field label="Your name" mistake={mistakeIn(error, 'name')}>
        {(control) => (
          <Input
            {...control}
            required
            autoFocus
            maxLength={100}
            autoComplete="name"
            value={account.name}
            onChange={(event) => onChange({ ...account, name: event.target.value })}
          />
        )}
      </Field>
      <Field label="E-mail" mistake={mistakeIn(error, 'email')}>
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
        mistake={
          (wasTried ? findPasswordMistake(account.password) : undefined) ?? mistakeIn(error, 'password')
        }
      />
    </>
  );
}
