/**
 * Returns the name of the ClickHouse cluster (APPFLOW_CLICKHOUSE_CLUSTER), which becomes part of statements; undefined if unset. `url` is
 * that of one of its servers.
 */
export function parseClusterName(
  name: string | undefined,
  url: string | undefined,
  mistakes: string[],
): string | undefined {
  if (!name) return undefined;
  if (!/^[\w.-]{1,100}$/.test(name)) {
    mistakes.push(
      `APPFLOW_CLICKHOUSE_CLUSTER is "${name}"; it must be the name of a cluster: letters, digits, ".", "_" and "-".`,
    );
  }
  if (!url) mistakes.push('APPFLOW_CLICKHOUSE_CLUSTER needs CLICKHOUSE_URL, the URL of one of its servers.');
  return name;
}
