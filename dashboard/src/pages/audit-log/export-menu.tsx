import { useSearch } from '@tanstack/react-router';
import { Download, FileJson, FileSpreadsheet } from 'lucide-react';
import { toast } from 'sonner';
import { auditExportUrl } from '../../api/audit-log.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { ensureStepUp, isCanceled } from '../../api/step-up.ts';
import { Button } from '../../components/ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../../components/ui/menu.tsx';
import { startDownload } from '../../lib/download.ts';
import { toAuditQuery } from './audit-query.ts';

/** Exports all entries that match the filters, after asking for the password. */
export function ExportMenu() {
  const { project } = useProject();
  const search = useSearch({ from: '/signed-in/p/$projectId/settings/audit-log' });
  const save = async (format: 'ndjson' | 'csv') => {
    try {
      await ensureStepUp();
      const query = { ...toAuditQuery(search, Date.now()), format };
      startDownload(auditExportUrl(project.id, query), `appflow-audit-log.${format}`);
    } catch (error) {
      if (!isCanceled(error)) toast.error(errorMessage(error));
    }
  };
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button>
          <Download aria-hidden />
          Export
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuItem onSelect={() => void save('csv')}>
          <FileSpreadsheet aria-hidden />
          CSV (for spreadsheets)
        </MenuItem>
        <MenuItem onSelect={() => void save('ndjson')}>
          <FileJson aria-hidden />
          NDJSON (one entry per line)
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
