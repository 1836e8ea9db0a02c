import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseLimitSwitches } from '../limits/policies.ts';
import { renderLimitsTable } from './limits-table.ts';

it('lists every limit that can be set in the table of the guide', () => {
  const [mistake = ''] = parseLimitSwitches({ APPFLOW_LIMIT_NONSENSE: 'off' }).mistakes;
  const names = mistake.match(/APPFLOW_LIMIT_[A-Z_]+/g)?.slice(1) ?? [];
  assert.ok(names.length >= 9, mistake);
  for (const name of names) assert.ok(renderLimitsTable().includes(`\`${name}\``), name);
});
