import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { readRepositoryFile } from '../support/dockerfile.ts';
import { startTestServer } from '../support/harness.ts';

type Rule = { alert: string; expr: string; labels: { severity: string } };
type Panel = { title: string; type: string; targets?: { expr: string }[] };

const rules: Rule[] = parse(readRepositoryFile('deploy/alerts.yaml')).groups.flatMap(
  ({ rules: own }: { rules: Rule[] }) => own,
);
const panels: Panel[] = JSON.parse(readRepositoryFile('deploy/grafana-dashboard.json')).panels;
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
];

/** Metrics that Prometheus makes of a histogram. */
const toServed = (name: string) => name.replace(/_bucket$/, '');

/** Returns the labels that expressions ask for, as they are in /metrics; a status appears with its first answer. */
function listLabels(): { name: string; label: string }[] {
  return expressions.flatMap((expr) =>
    [...expr.matchAll(/\b(appflow_[a-z_]+)\{([^}]*)\}/g)].flatMap(([, name = '', labels = '']) =>
      (labels.match(/\w+="[^"]*"/g) ?? [])
        .filter((label) => !label.startsWith('status='))
        .map((label) => ({ name, label })),
    ),
  );
}

describe('the files for Prometheus and Grafana', () => {
  it('hold what promtool checks, and raise each kind of alert when they should', () => {
    const run = (...args: string[]) =>
      execFileSync('promtool', args, { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' });
    assert.match(run('check', 'rules', 'deploy/alerts.yaml'), new RegExp(`SUCCESS: ${rules.length} rules`));
    assert.match(run('test', 'rules', 'test/deploy/alerts.yaml'), /SUCCESS/);
  });

  it('name only metrics and labels that a server has', async () => {
    const api = await startTestServer();
    await api.call('POST', '/v1/events', { key: api.project.client_key, body: { events: [] } });
    await api.call('GET', '/v1/apps', { key: 'sk_wrong' });
    const { text } = await api.call('GET', '/metrics');
    const served = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const named = expressions.flatMap((expr) => expr.match(/\b(appflow|process|nodejs)_[a-z0-9_]+/g) ?? []);
    assert.deepEqual([...new Set(named)].filter((name) => !served.has(toServed(name))).toSorted(), []);
    const lines = text.split('\n');
    const missing = listLabels().filter(
      ({ name, label }) => !lines.some((line) => line.startsWith(name) && line.includes(label)),
    );
    assert.deepEqual(missing, []);
  });

  it('have a row in the guide for each alert, with its severity', () => {
    const guide = readRepositoryFile('docs/guides/monitoring.md');
    const rows = [...guide.matchAll(/^\| `(Appflow\w+)` \| (\w+) \|/gm)].map(([, name, severity]) => [
      name,
      severity,
    ]);
    assert.deepEqual(
      rows,
      rules.map(({ alert, labels }) => [alert, labels.severity]),
    );
  });

  it('have a query in each panel, and no two panels of the same title', () => {
    assert.ok(panels.every(({ type, targets }) => type === 'row' || (targets?.length ?? 0) > 0));
    assert.equal(new Set(panels.map(({ title, type }) => `${type} ${title}`)).size, panels.length);
  });
});
