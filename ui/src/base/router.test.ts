// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from 'vitest';
import { href, navigate, route, startRouter } from './router';

beforeAll(() => {
  const base = document.createElement('base');
  base.setAttribute('href', '/traces/');
  document.head.append(base);
  startRouter();
});

it('writes addresses below the base and leaves empty parameters out', () => {
  expect(href(['trace', 'a/b'], { s: '1', q: '', z: undefined })).toBe('/traces/trace/a%2Fb?s=1');
  expect(href([])).toBe('/traces/');
});

it('reads back what it navigates to', () => {
  navigate(href(['trace', 'a/b'], { q: 'x=y z' }));
  expect(route.value.path).toEqual(['trace', 'a/b']);
  expect(route.value.params.get('q')).toBe('x=y z');
});

it('follows links inside the page and leaves others alone', () => {
  const link = document.createElement('a');
  document.body.append(link);
  link.href = href(['map']);
  link.click();
  expect(route.value.path).toEqual(['map']);
  link.href = 'http://elsewhere.invalid/search';
  link.addEventListener('click', (event) => event.preventDefault());
  link.click();
  expect(route.value.path).toEqual(['map']);
});
