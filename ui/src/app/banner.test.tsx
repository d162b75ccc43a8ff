// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { noteAnswer } from '../api/damage';
import type { ComponentHealth } from '../api/types';
import { Banner } from './banner';

let host: HTMLElement;

beforeEach(() => {
  host = document.createElement('div');
  document.body.append(host);
});

afterEach(() => {
  render(null, host);
  host.remove();
  noteAnswer('search', new Headers());
  vi.unstubAllGlobals();
});

async function show(health: readonly ComponentHealth[]): Promise<void> {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ health })));
  await act(() => render(<Banner />, host));
}

const said = (role: string): string => host.querySelector(`[role=${role}]`)?.textContent ?? '';

it('says nothing while all is well', async () => {
  await show([{ component: 'store /data', level: 'ok', message: '' }]);
  expect(host.textContent).toBe('');
});

it('tells at once what takes no spans', async () => {
  await show([
    { component: 'store /data', level: 'failed', message: '/data: was removed' },
    { component: 'exporter otlp (traces)', level: 'degraded', message: 'the peer does not answer' },
  ]);
  await vi.waitFor(() => expect(said('alert')).toContain('/data: was removed'));
  expect(said('status')).toContain('exporter otlp (traces) has trouble');
});

it('says that an answer is not whole until one is', async () => {
  await show([]);
  await vi.waitFor(() => expect(host.textContent).toBe(''));
  await act(() => noteAnswer('search', new Headers({ 'x-spandrel-unreadable-spans': '4096' })));
  expect(said('status')).toContain('4,096 spans are damaged');
  await act(() => noteAnswer('search', new Headers()));
  expect(host.textContent).toBe('');
});
