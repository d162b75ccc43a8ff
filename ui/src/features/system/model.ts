// SPDX-License-Identifier: Apache-2.0
// What the System page shows, out of the server's metrics.
import type { Metric, Status } from '../../api/types';

export interface Store {
  readonly directory: string;
  readonly durability: string;
  readonly spans: number;
  readonly diskBytes: number;
  readonly parts: number;
  /** Undefined without parts. */
  readonly bytesPerSpan: number | undefined;
  readonly oldestMs: number | undefined;
  readonly newestMs: number | undefined;
  readonly partBytes: number;
  readonly logBytes: number;
  readonly headBytes: number;
  readonly headSpans: number;
  readonly freeDiskBytes: number;
  readonly maxAgeSeconds: number;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
}

/** Something that was counted since the server started. */
export interface Count {
  readonly label: string;
  readonly help: string;
  readonly value: number;
  /** Whether more than zero is bad news. */
  readonly bad: boolean;
}

export interface System {
  readonly stores: readonly Store[];
  readonly dropped: readonly Count[];
  readonly refused: readonly Count[];
  readonly damage: readonly Count[];
}

type Labels = Readonly<Record<string, string>>;

const COUNTS = {
  dropped: [
    ['spandrel_store_expired_spans', { reason: 'age' }, 'Older than the limit', 'spans; max_age', false],
    ['spandrel_store_expired_spans', { reason: 'bytes' }, 'Store over its size', 'spans; max_bytes', false],
    ['spandrel_store_expired_spans', { reason: 'free_disk' }, 'Disk too full', 'spans; min_free_bytes', true],
    [
      'spandrel_store_expired_spans',
      { reason: 'policy' },
      'Not kept by policy',
      'spans; what stays stands for them',
      false,
    ],
  ],
  refused: [
    ['otelcol_receiver_refused_spans', {}, 'Refused on arrival', 'spans, all reasons; senders were told', true],
    ['spandrel_store_refused_spans', { reason: 'unsealed' }, 'Sealing was behind', 'spans; senders try again', true],
    ['spandrel_store_refused_spans', { reason: 'log' }, 'Log not written', 'spans; a full or failing disk', true],
  ],
  damage: [
    ['spandrel_store_quarantined_parts', {}, 'Parts in quarantine', 'damaged files that were set aside', true],
    ['spandrel_store_unreadable_spans', {}, 'Unreadable spans', 'reads that met a damaged block', true],
    ['spandrel_store_damaged_log_places', {}, 'Damaged log places', 'skipped at the start', true],
    ['spandrel_store_maintenance_failures', {}, 'Failed background work', 'tried again', true],
  ],
} as const;

function matches(metric: Metric, name: string, labels: Labels): boolean {
  const named = metric.name === name || metric.name === `${name}_total`;
  return named && Object.entries(labels).every(([key, value]) => metric.labels[key] === value);
}

function sum(metrics: readonly Metric[], name: string, labels: Labels): number {
  return metrics.reduce((total, metric) => (matches(metric, name, labels) ? total + metric.value : total), 0);
}

function storeAt(metrics: readonly Metric[], directory: string): Store {
  const read = (name: string): number => sum(metrics, `spandrel_store_${name}`, { directory });
  const timeMs = (name: string): number | undefined => (read(name) > 0 ? read(name) * 1000 : undefined);
  const mode = metrics.find((metric) => matches(metric, 'spandrel_store_durability', { directory }));
  const partSpans = read('part_spans');
  return {
    directory,
    durability: mode?.labels['mode'] ?? '',
    spans: read('spans'),
    diskBytes: read('disk_bytes'),
    parts: read('parts'),
    bytesPerSpan: partSpans > 0 ? read('part_bytes') / partSpans : undefined,
    oldestMs: timeMs('oldest_start_seconds'),
    newestMs: timeMs('newest_start_seconds'),
    partBytes: read('part_bytes'),
    logBytes: read('log_bytes'),
    headBytes: read('head_bytes'),
    headSpans: read('head_spans'),
    freeDiskBytes: read('free_disk_bytes'),
    maxAgeSeconds: read('max_age_seconds'),
    maxBytes: read('max_bytes'),
    minFreeBytes: read('min_free_bytes'),
  };
}

/** The status as the page shows it; stores by directory. */
export function systemOf({ metrics }: Pick<Status, 'metrics'>): System {
  const directories = metrics
    .filter(({ name }) => name === 'spandrel_store_spans')
    .map(({ labels }) => labels['directory'] ?? '');
  const counts = (kind: keyof typeof COUNTS): Count[] =>
    COUNTS[kind].map(([name, labels, label, help, bad]) => ({ label, help, bad, value: sum(metrics, name, labels) }));
  return {
    stores: directories.sort().map((directory) => storeAt(metrics, directory)),
    dropped: counts('dropped'),
    refused: counts('refused'),
    damage: counts('damage'),
  };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** "1.5 GiB", "812 B". */
export function formatBytes(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return step === 0 ? `${Math.round(bytes)} B` : `${(bytes / 2 ** (10 * step)).toFixed(1)} ${UNITS[step]}`;
}

/** "30 d", "36 h", "90 min": the largest unit that leaves no rest. */
export function formatAge(seconds: number): string {
  if (seconds % 86400 === 0) return `${seconds / 86400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return `${Math.round(seconds / 60)} min`;
}

/** "2026-08-20 10:00:00", in UTC. */
export function formatUtc(ms: number): string {
  return Math.abs(ms) > 8.64e15 ? 'far in the future' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
