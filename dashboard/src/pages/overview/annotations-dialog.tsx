import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import type { Annotation } from '../../api/answers.ts';
import { makeAttempts } from '../../api/attempts.ts';
import { errorMessage, fieldError } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { createAnnotation, deleteAnnotation, refreshAnnotations } from '../../api/saved.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Input } from '../../components/ui/input.tsx';
import { formatDay } from '../../lib/format.ts';

const TEXT_MAX = 120;

type AnnotationsDialogProps = {
  /** The annotations of the shown days. */
  annotations: readonly Annotation[];
  /** The day to suggest. */
  date: string;
  onClose: () => void;
};

/** Adds an annotation, and deletes those of the shown days. Open while mounted. */
export function AnnotationsDialog({ annotations, date, onClose }: AnnotationsDialogProps) {
  const { project } = useProject();
  const client = useQueryClient();
  const [draft, setDraft] = useState({ date, text: '' });
  const [toAttempt] = useState(() =>
    makeAttempts((given: { date: string; text: string }) => ({ date: given.date, text: given.text.trim() })),
  );
  const save = async () => {
    await createAnnotation(project.id, toAttempt(draft));
    toast.success('Annotation added');
    onClose();
    await refreshAnnotations(client, project.id);
  };
  return (
    <FormDialog
      title="Annotations"
      description="Name a day, such as a release or a campaign. Everyone in this project sees it on charts."
      action={{ subject: 'The annotation', done: 'added', isRepeatable: true }}
      submitLabel="Add annotation"
      onSubmit={save}
      onClose={onClose}
    >
      {(error) => (
        <>
          <div className="grid gap-4 sm:grid-cols-[10rem_minmax(0,1fr)]">
            <Field label="Date" error={fieldError(error, 'date')}>
              {(control) => (
                <Input
                  {...control}
                  type="date"
                  required
                  value={draft.date}
                  onChange={({ target }) => setDraft({ ...draft, date: target.value })}
                />
              )}
            </Field>
            <Field label="What happened" error={fieldError(error, 'text')}>
              {(control) => (
                <Input
                  {...control}
                  autoFocus
                  required
                  maxLength={TEXT_MAX}
                  pattern=".*\S.*"
                  title="What happened"
                  autoComplete="off"
                  placeholder="Version 2.4"
                  value={draft.text}
                  onChange={({ target }) => setDraft({ ...draft, text: target.value })}
                />
              )}
            </Field>
          </div>
          {annotations.length > 0 && (
            <ul aria-label="Annotations in this range" className="divide-y border-t">
              {annotations.map((annotation) => (
                <AnnotationRow key={annotation.id} annotation={annotation} />
              ))}
            </ul>
          )}
        </>
      )}
    </FormDialog>
  );
}

function AnnotationRow({ annotation: { id, date, text } }: { annotation: Annotation }) {
  const { project } = useProject();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteAnnotation(project.id, id),
    onSuccess: () => toast.success('Annotation deleted'),
    onError: (error) => toast.error(errorMessage(error)),
    onSettled: () => refreshAnnotations(client, project.id),
  });
  return (
    <li className="flex items-center gap-3 py-1.5 text-note">
      <span className="shrink-0 text-soft tabular-nums">{formatDay(date, true)}</span>
      <bdi className="min-w-0 flex-1 truncate">{text}</bdi>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Delete ${text}`}
        isBusy={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 aria-hidden />
      </Button>
    </li>
  );
}
