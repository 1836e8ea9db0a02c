import { Download } from 'lucide-react';
import { type QueryValue, urlOf } from '../../api/http.ts';
import { useProject } from '../../api/project.ts';
import { Button } from '../../components/ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuLabel, MenuTrigger } from '../../components/ui/menu.tsx';

const FORMATS = [
  { format: 'csv', label: 'CSV', hint: 'for spreadsheets' },
  { format: 'ndjson', label: 'NDJSON', hint: 'for programs' },
] as const;

/** Downloads every event the query finds, loaded or not. The server streams it: it may be large. */
export function ExportMenu({ query, isEmpty }: { query: Record<string, QueryValue>; isEmpty: boolean }) {
  const { path } = useProject();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button disabled={isEmpty}>
          <Download aria-hidden />
          Export
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel>All events that match</MenuLabel>
        {FORMATS.map(({ format, label, hint }) => (
          <MenuItem key={format} asChild>
            <a href={urlOf(path('/events'), { ...query, format })} download={`events.${format}`}>
              {label}
              <span className="ml-auto pl-6 text-soft text-xs">{hint}</span>
            </a>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
