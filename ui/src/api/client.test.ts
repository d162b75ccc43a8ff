// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it, vi } from 'vitest';
import { ApiError, getTrace, search } from './client';
import { goldenTrace } from './golden_trace';

afterEach(() => vi.unstubAllGlobals());

function answer(response: Response | Error) {
  const fetch = vi.fn((_: string) =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

it('sends what is set and nothing else', async () => {
  const fetch = answer(Response.json({ traces: [] }));
  await search({ filter: { service: 'a b', operation: '', tags: 'k="x y"' }, sort: 'slowest', limit: 20 });
  const url = new URL(fetch.mock.calls[0]?.[0] ?? '');
  expect(url.pathname).toBe('/api/ui/v1/search');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    service: 'a b',
    tags: 'k="x y"',
    sort: 'slowest',
    limit: '20',
  });
});

it('tells why the server refuses', async () => {
  answer(Response.json({ error: 'tags: no closing quote' }, { status: 400 }));
  await expect(search({ filter: {}, sort: 'newest', limit: 1 })).rejects.toEqual(
    new ApiError(400, 'tags: no closing quote'),
  );
});

it('survives an answer that is not ours', async () => {
  answer(new Response('<html>bad gateway', { status: 502 }));
  await expect(search({ filter: {}, sort: 'newest', limit: 1 })).rejects.toThrow('the server answered 502');
});

it('tells when there is no server', async () => {
  answer(new TypeError('Failed to fetch'));
  await expect(search({ filter: {}, sort: 'newest', limit: 1 })).rejects.toThrow('cannot be reached');
});

it('reads a trace', async () => {
  answer(new Response(goldenTrace()));
  expect((await getTrace('0123456789abcdef0123456789abcdef')).spanCount).toBe(3);
});
