import { CEILINGS } from '../../../../../src/directory/scopes.ts';
import type { KeyScope, KeyType } from '../../../api/answers.ts';
import { Checkbox } from '../../../components/ui/checkbox.tsx';
import { FieldError, FieldGroup } from '../../../components/ui/field.tsx';
import { cn } from '../../../lib/class-names.ts';
import { SCOPE_DESCRIPTIONS } from '../key/key-labels.ts';
import { findPreset, listPresets, toggleScope } from './scope-presets.ts';

type ScopesFieldProps = {
  type: KeyType;
  scopes: readonly KeyScope[];
  onChange: (scopes: readonly KeyScope[]) => void;
  error: string | undefined;
};

/** The key's scopes: presets first, single scopes below. */
export function ScopesField({ type, scopes, onChange, error }: ScopesFieldProps) {
  const chosen = findPreset(type, scopes);
  return (
    <FieldGroup label="Permissions">
      <div className="grid gap-2 sm:grid-cols-2">
        {listPresets(type).map((preset) => (
          <button
            key={preset.id}
            type="button"
            aria-pressed={preset.id === chosen?.id}
            onClick={() => onChange(preset.scopes)}
            className={cn(
              'rounded-lg border bg-surface px-3 py-2 text-left transition-colors hover:bg-hover/50',
              preset.id === chosen?.id && 'border-primary bg-info-soft/60 ring-1 ring-primary',
            )}
          >
            <span className="block font-medium text-sm">{preset.label}</span>
            <span className="block text-soft text-xs">{preset.hint}</span>
          </button>
        ))}
      </div>
      {error && <FieldError>{error}</FieldError>}
      <details className="rounded-lg border">
        <summary className="cursor-pointer select-none rounded-lg px-4 py-2 text-note text-soft hover:bg-hover/50">
          {chosen
            ? 'Choose individual scopes'
            : `${scopes.length} of ${CEILINGS[type].length} scopes selected`}
        </summary>
        <div className="grid gap-3 border-t px-4 py-3 sm:grid-cols-2">
          {CEILINGS[type].map((scope) => (
            <Checkbox
              key={scope}
              label={<span className="font-mono text-note">{scope}</span>}
              hint={SCOPE_DESCRIPTIONS[scope]}
              checked={scopes.includes(scope)}
              onCheckedChange={() => onChange(toggleScope(type, scopes, scope))}
            />
          ))}
        </div>
      </details>
    </FieldGroup>
  );
}
