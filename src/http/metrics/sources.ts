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
    help: 'Time since the directory was last known to hold all that was committed.',
    kind: 'gauge',
    read: () => [{ value: directory.ageMs() / MS_PER_SECOND }],
  });
  metrics.watch({
    name: 'appflow_failed_authentications_total',
    help: 'Keys that were shown and not accepted, or not from that place, by error code. The audit log holds a sample of them; none is left out here.',
    kind: 'counter',
    labelNames: ['code'],
    read: () => [...failures.totals()].map(([code, value]) => ({ labels: { code }, value })),
  });
}

function watchSafety({ metrics, unstored, clockState }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_unstored_revocations',
    help: 'Revocations that this process applies from memory because the control database could not store them yet.',
    kind: 'gauge',
    read: () => [{ value: unstored.count() }],
  });
  metrics.watch({
    name: 'appflow_clock_ahead_seconds',
    help: 'How far the clock of this process is ahead of the system clock, which was set back; 0 if it is not.',
    kind: 'gauge',
    read: () => [{ value: clockState.aheadMs() / MS_PER_SECOND }],
  });
}

function watchProxies({ metrics, untrustedProxy }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_untrusted_proxy_requests_total',
    help: 'Requests that a proxy nearby passed on while TRUSTED_PROXIES names none: they share the limits per address.',
    kind: 'counter',
    read: () => [{ value: untrustedProxy.countRequests() }],
  });
}

function watchConnections({ metrics, connections }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_connections',
    help: 'Connections that are open, how many of them have a request in progress, and how many may be open.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => {
      const { open, active, max } = connections.count();
      return Object.entries({ open, active, max }).map(([state, value]) => ({ labels: { state }, value }));
    },
  });
  metrics.watch({
    name: 'appflow_connections_unsent_bytes',
    help: 'Bytes of answers that wait for their readers.',
    kind: 'gauge',
    read: () => [{ value: connections.count().unsentBytes }],
  });
  metrics.watch({
    name: 'appflow_connections_closed_total',
    help: 'Connections that were refused, or closed by the server, by reason. Connections that were idle for long are not counted.',
    kind: 'counter',
    labelNames: ['reason'],
    read: () =>
      Object.entries(connections.closed()).map(([reason, value]) => ({ labels: { reason }, value })),
  });
}
