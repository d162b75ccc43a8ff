// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { formatAge, formatBytes, formatUtc, systemOf } from './model';

const gauge = (name: string, value: number, labels: Record<string, string> = { directory: '/data' }) => ({
  name: `spandrel_store_${name}`,
  labels,
  value,
});

test('reads a store out of the metrics', () => {
  const { stores } = systemOf({
    metrics: [
      gauge('spans', 110),
      gauge('part_spans', 100),
      gauge('part_bytes', 3100),
      gauge('parts', 2),
      gauge('head_spans', 10),
      gauge('oldest_start_seconds', 1_700_000_000),
      gauge('durability', 1, { directory: '/data', mode: 'fsync' }),
      gauge('spans', 5, { directory: '/a' }),
    ],
  });
  expect(stores.map(({ directory }) => directory)).toEqual(['/a', '/data']);
  expect(stores[1]).toMatchObject({
    spans: 110,
    bytesPerSpan: 31,
    parts: 2,
    durability: 'fsync',
    oldestMs: 1_700_000_000_000,
    newestMs: undefined,
  });
  expect(stores[0]?.bytesPerSpan).toBeUndefined();
});

test('keeps the reasons apart', () => {
  const { dropped, refused } = systemOf({
    metrics: [
      gauge('expired_spans_total', 7, { reason: 'age' }),
      gauge('expired_spans_total', 3, { reason: 'free_disk' }),
      { name: 'otelcol_receiver_refused_spans', labels: { receiver: 'otlp', transport: 'grpc' }, value: 4 },
      { name: 'otelcol_receiver_refused_spans', labels: { receiver: 'otlp', transport: 'http' }, value: 2 },
    ],
  });
  expect(dropped.map(({ value }) => value)).toEqual([7, 0, 3, 0]);
  expect(refused[0]?.value).toBe(6);
});

test('formats sizes, ages and times', () => {
  expect([0, 812, 1536, 50 * 2 ** 30].map(formatBytes)).toEqual(['0 B', '812 B', '1.5 KiB', '50.0 GiB']);
  expect([60, 5400, 129_600, 2_592_000].map(formatAge)).toEqual(['1 min', '90 min', '36 h', '30 d']);
  expect(formatUtc(1_700_000_000_000)).toBe('2023-11-14 22:13:20');
  expect(formatUtc(1e17)).toBe('far in the future');
});
