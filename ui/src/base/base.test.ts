// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { groupDigits } from './digits';
import { formatDuration, goDuration, parseDuration } from './duration';
import { addCondition, formatCondition, parseConditions } from './logfmt';
import { DARK, LIGHT, contrast, serviceSlot } from './palette';
import { clockTicks, logScale, logTicks, niceStep } from './scale';
import { formatAge, minusNs, parseTime, plusNs } from './time';

it.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
  [-1234, '-1,234'],
])('groups the digits of %d', (n, text) => expect(groupDigits(n)).toBe(text));

describe('durations', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [1234, '1.23 µs'],
    [999_600, '1.00 ms'],
    [45_100_000_000, '45.1 s'],
    [200e9, '3 m 20 s'],
    [7.3e12, '2 h 2 m'],
  ])('formats %d as %s', (ns, text) => expect(formatDuration(ns)).toBe(text));
  it.each([
    ['1.5ms', 1.5e6],
    ['1m30s', 90e9],
    ['2us', 2000],
    ['.5s', 5e8],
    ['', undefined],
    ['5', undefined],
    ['1x', undefined],
    ['1s 2', undefined],
  ])('parses %s', (text, ns) => expect(parseDuration(text)).toBe(ns));
  it.each([1, 1500, 2_345_000, 7e9])('writes %d so that Go reads it', (ns) =>
    expect(parseDuration(goDuration(ns))).toBe(ns),
  );
});

describe('tag conditions', () => {
  it('reads operators, quotes and lone keys', () => {
    expect(parseConditions('a=b  k="two \\"words\\"" n>=2 e!=x r=~^/a.*$ lone')).toEqual([
      { key: 'a', operator: '=', value: 'b' },
      { key: 'k', operator: '=', value: 'two "words"' },
      { key: 'n', operator: '>=', value: '2' },
      { key: 'e', operator: '!=', value: 'x' },
      { key: 'r', operator: '=~', value: '^/a.*$' },
      { key: 'lone', operator: '', value: '' },
    ]);
  });
  it.each(['=x', 'a="open', 'a="b"c', 'a=b"c"'])('refuses %s', (line) => expect(parseConditions(line)).toBeUndefined());
  it.each(['plain', 'two words', 'a"b', 'back\\slash', '', 'k=v'])('writes %s so that it is read back', (value) => {
    expect(parseConditions(formatCondition({ key: 'k', operator: '=', value }))).toEqual([
      { key: 'k', operator: '=', value },
    ]);
  });
  it('adds a condition once', () => {
    const condition = { key: 'a', operator: '=', value: 'b' } as const;
    expect(addCondition('x=y', condition)).toBe('x=y a=b');
    expect(addCondition('a=b x=y', condition)).toBe('a=b x=y');
  });
});

describe('times', () => {
  it('keeps nanoseconds', () => {
    expect(plusNs('1700000000000000001', 41)).toBe('1700000000000000042');
    expect(minusNs('1700000000000000042', '1700000000000000001')).toBe(41);
  });
  it.each([
    ['now', 1e12],
    ['now-1h', 1e12 - 3.6e6],
    ['1700000000123000000', 1_700_000_000_123],
    ['yesterday', undefined],
    ['now-x', undefined],
  ])('reads %s', (text, ms) => expect(parseTime(text, 1e12)).toBe(ms));
  it.each([
    [0, 'now'],
    [12e3, '12 s ago'],
    [180e3, '3 min ago'],
    [5 * 3.6e6, '5 h ago'],
    [3 * 864e5, '3 d ago'],
  ])('%d ms is %s', (ago, text) => expect(formatAge('1700000000000000000', 1.7e12 + ago)).toBe(text));
});

describe('scales', () => {
  it('inverts the log scale and clamps', () => {
    const scale = logScale(1e3, 1e9, 200, 0);
    expect(scale.at(1e6)).toBeCloseTo(100);
    expect(scale.invert(100)).toBeCloseTo(1e6);
    expect(scale.at(1)).toBe(200);
    expect(scale.at(1e12)).toBe(0);
  });
  it('marks round values', () => {
    expect(logTicks(5e5, 2e8)).toEqual([1e6, 3e6, 1e7, 3e7, 1e8]);
    expect(niceStep(950, 5)).toBe(200);
    const ticks = clockTicks(1_700_000_000_000, 1_700_003_600_000, 6);
    expect(ticks).toHaveLength(6);
    expect(ticks.every((tick) => tick % 600_000 === 0)).toBe(true);
  });
});

describe('colours', () => {
  it.each([
    ['light', LIGHT],
    ['dark', DARK],
  ] as const)('%s marks stand out from the background', (_, palette) => {
    for (const colour of [...palette.services, palette.error, palette.accent])
      expect(contrast(colour, palette.background)).toBeGreaterThanOrEqual(3);
    for (const colour of [palette.text, palette.muted])
      expect(contrast(colour, palette.background)).toBeGreaterThanOrEqual(4.5);
    expect(new Set(palette.services).size).toBe(20);
  });
  it('gives every service its own slot while there are slots', () => {
    const names = Array.from({ length: 20 }, (_, i) => `service-${i}`);
    expect(new Set(names.map(serviceSlot)).size).toBe(20);
    expect(serviceSlot('service-3')).toBe(serviceSlot('service-3'));
    expect(serviceSlot('one-too-many')).toBeLessThan(20);
  });
});
