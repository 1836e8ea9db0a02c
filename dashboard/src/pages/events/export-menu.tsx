import { Download } from 'lucide-react';
import type { EventQuery } from '../../api/answers.ts';
import { eventExportUrl } from '../../api/events.ts';
import { useProject } from '../../api/project.ts';
import { Button } from '../../components/ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuLabel, MenuTrigger } from '../../components/ui/menu.tsx';

const FORMATS = [
  { format: 'csv', label: 'CSV', hint: 'for spreadsheets' },
  { format: 'ndjson', label: 'NDJSON', hint: 'for scripts' },
] as const;

/** Downloads all matching events, loaded or not. The server streams them: the file may be large. */
export function ExportMenu({ query, isEmpty }: { query: EventQuery; isEmpty: boolean }) {
  const { project } = useProject();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button disabled={isEmpty}>
          <Download aria-hidden />
          Export
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel>All matching events</MenuLabel>
        {FORMATS.map(({ format, label, hint }) => (
          <MenuItem key={format} asChild>
            <a href={eventExportUrl(project.id, { ...query, format })} download={`events.${format}`}>
              {label}
              <span className="ml-auto pl-6 text-soft text-xs">{hint}</span>
            </a>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
