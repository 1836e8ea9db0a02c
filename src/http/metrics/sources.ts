import { VERSION } from '../../config/version.ts';
import { watchLimits } from './limit-sources.ts';
import { watchStores } from './storage-sources.ts';
import type { WatchedServices } from './watched-services.ts';

const MS_PER_SECOND = 1_000;

/** Adds the metrics of a running server's parts to `services.metrics`. */
export function watchServices(services: WatchedServices): void {
  services.metrics.watchProcess();
  watchBuild(services);
  watchKeys(services);
  watchLimits(services);
  watchStores(services);
  watchSafety(services);
  watchProxies(services);
  watchConnections(services);
}

function watchBuild({ metrics }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_build_info',
    help: 'Always 1; the labels are the versions of Appflow and Node.',
    kind: 'gauge',
    labelNames: ['version', 'node_version'],
    read: () => [{ labels: { version: VERSION, node_version: process.versions.node }, value: 1 }],
  });
}

function watchKeys({ metrics, directory, failures }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_keys',
    help: 'API keys in the in-memory directory.',
    kind: 'gauge',
    read: () => [{ value: directory.countKeys() }],
  });
  metrics.watch({
    name: 'appflow_key_directory_age_seconds',
    help: 'Time since the directory was last known to be up to date.',
    kind: 'gauge',
    read: () => [{ value: directory.ageMs() / MS_PER_SECOND }],
  });
  metrics.watch({
    name: 'appflow_failed_authentications_total',
    help: 'Failed authentications, by error code. The audit log has a sample; all of them count here.',
    kind: 'counter',
    labelNames: ['code'],
    read: () => [...failures.totals()].map(([code, value]) => ({ labels: { code }, value })),
  });
}

function watchSafety({ metrics, unstored, clockState }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_unstored_revocations',
    help: 'Revocations that apply in this process only, because the control database could not store them yet.',
    kind: 'gauge',
    read: () => [{ value: unstored.count() }],
  });
  metrics.watch({
    name: 'appflow_clock_ahead_seconds',
    help: 'How far the clock of this process is ahead of the system clock, if that was set back; otherwise 0.',
    kind: 'gauge',
    read: () => [{ value: clockState.aheadMs() / MS_PER_SECOND }],
  });
}

function watchProxies({ metrics, untrustedProxy }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_untrusted_proxy_requests_total',
    help: 'Requests forwarded by a proxy that is not in TRUSTED_PROXIES: all of them share the limits of one address.',
    kind: 'counter',
    read: () => [{ value: untrustedProxy.countRequests() }],
  });
}

function watchConnections({ metrics, connections }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_connections',
    help: 'Open connections, connections with a request in progress, and the maximum.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => {
      const { open, active, max } = connections.count();
      return Object.entries({ open, active, max }).map(([state, value]) => ({ labels: { state }, value }));
    },
  });
  metrics.watch({
    name: 'appflow_connections_unsent_bytes',
    help: 'Bytes of responses that clients have not read yet.',
    kind: 'gauge',
    read: () => [{ value: connections.count().unsentBytes }],
  });
  metrics.watch({
    name: 'appflow_connections_closed_total',
    help: 'Connections refused or closed by the server, by reason, without idle ones.',
    kind: 'counter',
    labelNames: ['reason'],
    read: () =>
      Object.entries(connections.closed()).map(([reason, value]) => ({ labels: { reason }, value })),
  });
}
