import { ArrowDown, ArrowUp, Plus, Trash2, X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import type { FunnelDefinition } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { Suggestions } from '../../components/filters/suggestions.tsx';
import { usePropertyNames, useValues } from '../../components/filters/use-suggestions.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { Select } from '../../components/ui/select.tsx';
import {
  type DraftCondition,
  type DraftStep,
  emptyCondition,
  emptyStep,
  type FunnelDraft,
  moveStep,
  OPERATORS,
  toDefinition,
  toDraft,
  WINDOWS,
} from './funnel-draft.ts';

const STEPS = { min: 2, max: 10 };
const TEXT = { spellCheck: false, autoCapitalize: 'none', autoComplete: 'off' } as const;

type FunnelBuilderProps = {
  appId: string;
  definition: FunnelDefinition | undefined;
  onShow: (definition: FunnelDefinition) => void;
};

/** A form with the steps of a funnel. */
export function FunnelBuilder({ appId, definition, onShow }: FunnelBuilderProps) {
  const [draft, setDraft] = useState(() => toDraft(definition));
  const names = useValues('event_name', { appId, isWanted: true });
  const listId = useId();
  const setSteps = (steps: DraftStep[]) => setDraft({ ...draft, steps });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { filters } = definition ?? {};
    onShow({ ...toDefinition(draft), ...(filters && { filters }) });
  };
  return (
    <Card>
      <CardHeader title="Steps" />
      <CardBody>
        <form onSubmit={submit} className="grid gap-4">
          <Suggestions id={listId} values={names} />
          <ol className="grid gap-3">
            {draft.steps.map((step, index) => (
              <StepFields
                key={step.id}
                step={step}
                number={index + 1}
                appId={appId}
                names={names}
                listId={listId}
                onChange={(changed) =>
                  setSteps(draft.steps.map((one) => (one.id === step.id ? changed : one)))
                }
                onMove={(by) => setSteps(moveStep(draft.steps, index, by))}
                onRemove={() => setSteps(draft.steps.filter((one) => one.id !== step.id))}
                count={draft.steps.length}
              />
            ))}
          </ol>
          <div>
            <Button
              size="sm"
              disabled={draft.steps.length >= STEPS.max}
              onClick={() => setSteps([...draft.steps, emptyStep()])}
            >
              <Plus aria-hidden />
              Add step
            </Button>
          </div>
          <Options draft={draft} onChange={setDraft} />
          <div>
            <Button type="submit" variant="primary">
              Show funnel
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}

type StepFieldsProps = {
  step: DraftStep;
  number: number;
  count: number;
  appId: string;
  /** Names of events, which the list with this ID suggests. */
  names: readonly string[];
  listId: string;
  onChange: (step: DraftStep) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
};

function StepFields(props: StepFieldsProps) {
  const { step, number, count, listId, onChange, onMove, onRemove } = props;
  const { can } = useProject();
  const propertyListId = useId();
  const properties = useStepProperties(props);
  const setWhere = (where: DraftCondition[]) => onChange({ ...step, where });
  return (
    <li className="grid gap-2 rounded-lg border p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          {...TEXT}
          aria-label={`Event of step ${number}`}
          className="min-w-40 flex-1"
          placeholder={number === 1 ? 'onboarding_complete' : 'purchase_complete'}
          required
          maxLength={64}
          pattern="\s*[a-z][a-z0-9_]*\s*"
          title="Lowercase letters, digits and underscores"
          list={listId}
          value={step.event_name}
          onChange={({ target }) => onChange({ ...step, event_name: target.value })}
        />
        <Button
          size="icon-sm"
          variant="ghost"
          aria-label={`Move step ${number} up`}
          disabled={number === 1}
          onClick={() => onMove(-1)}
        >
          <ArrowUp aria-hidden />
        </Button>
        <Button
          size="icon-sm"
          variant="ghost"
          aria-label={`Move step ${number} down`}
          disabled={number === count}
          onClick={() => onMove(1)}
        >
          <ArrowDown aria-hidden />
        </Button>
        <Button
          size="icon-sm"
          variant="ghost"
          aria-label={`Remove step ${number}`}
          disabled={count <= STEPS.min}
          onClick={onRemove}
        >
          <Trash2 aria-hidden />
        </Button>
      </div>
      <Suggestions id={propertyListId} values={properties} />
      {step.where.map((condition) => (
        <ConditionFields
          key={condition.id}
          listId={propertyListId}
          condition={condition}
          onChange={(changed) => setWhere(step.where.map((one) => (one.id === condition.id ? changed : one)))}
          onRemove={() => setWhere(step.where.filter((one) => one.id !== condition.id))}
        />
      ))}
      {can('events:read') && (
        <div>
          <Button
            size="sm"
            variant="ghost"
            className="h-7 px-2"
            onClick={() => setWhere([...step.where, emptyCondition()])}
          >
            <Plus aria-hidden />
            Add condition
          </Button>
        </div>
      )}
    </li>
  );
}

/** Returns the names of properties of the step's event; of all events until its name is one that exists. */
function useStepProperties({ step, names, appId }: StepFieldsProps): readonly string[] {
  const name = step.event_name.trim();
  return usePropertyNames(names.includes(name) ? [name] : [], { appId, isWanted: step.where.length > 0 });
}

type ConditionFieldsProps = {
  condition: DraftCondition;
  listId: string;
  onChange: (condition: DraftCondition) => void;
  onRemove: () => void;
};

function ConditionFields({ condition, listId, onChange, onRemove }: ConditionFieldsProps) {
  const { property, op, value } = condition;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Input
        {...TEXT}
        aria-label="Property"
        className="min-w-28 flex-1 sm:w-40 sm:flex-none"
        placeholder="plan"
        required
        maxLength={128}
        list={listId}
        value={property}
        onChange={({ target }) => onChange({ ...condition, property: target.value })}
      />
      <Select
        aria-label="Operator"
        value={op}
        onChange={({ target }) => onChange({ ...condition, op: target.value })}
      >
        {OPERATORS.map((operator) => (
          <option key={operator.value} value={operator.value}>
            {operator.label}
          </option>
        ))}
      </Select>
      {op !== 'exists' && (
        <Input
          {...TEXT}
          aria-label="Value"
          className="min-w-24 flex-1"
          placeholder={op === 'gt' || op === 'lt' ? '10' : 'pro'}
          required={op !== 'is' && op !== 'is_not'}
          maxLength={1_000}
          value={value}
          onChange={({ target }) => onChange({ ...condition, value: target.value })}
        />
      )}
      <Button size="icon-sm" variant="ghost" aria-label="Remove condition" onClick={onRemove}>
        <X aria-hidden />
      </Button>
    </div>
  );
}

const BREAKDOWN_PATTERN = 'platform|country|app_version|property:.+';

function Options({ draft, onChange }: { draft: FunnelDraft; onChange: (draft: FunnelDraft) => void }) {
  const listId = useId();
  const isKnown = WINDOWS.some(({ value }) => value === draft.window);
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      <Field label="Time for all steps">
        {(control) => (
          <Select
            {...control}
            value={draft.window}
            onChange={({ target }) => onChange({ ...draft, window: target.value })}
          >
            {!isKnown && <option value={draft.window}>{draft.window} seconds</option>}
            {WINDOWS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Order">
        {(control) => (
          <Select
            {...control}
            value={draft.order}
            onChange={({ target }) =>
              onChange({ ...draft, order: target.value === 'any' ? 'any' : 'sequential' })
            }
          >
            <option value="sequential">In this order</option>
            <option value="any">In any order</option>
          </Select>
        )}
      </Field>
      <Field label="Breakdown" aside="optional">
        {(control) => (
          <>
            <Suggestions id={listId} values={['platform', 'country', 'app_version']} />
            <Input
              {...TEXT}
              {...control}
              list={listId}
              placeholder="country or property:plan"
              pattern={BREAKDOWN_PATTERN}
              title="platform, country, app_version or property:NAME"
              value={draft.breakdown}
              onChange={({ target }) => onChange({ ...draft, breakdown: target.value })}
            />
          </>
        )}
      </Field>
    </div>
  );
}
