// SPDX-License-Identifier: Apache-2.0
// The URL is the page's state store. Paths are relative to the document's base, so the page works under any prefix.
import { signal } from '@preact/signals';

export interface Route {
  readonly path: readonly string[];
  readonly params: URLSearchParams;
}

export type Params = Readonly<Record<string, string | undefined>>;

const root = (): string => new URL(document.baseURI).pathname;

function read(): Route {
  const pathname = location.pathname.startsWith(root()) ? location.pathname.slice(root().length) : '';
  const path = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  return { path, params: new URLSearchParams(location.search) };
}

export const route = signal<Route>(read());

/** Address of a page: `href(['trace', id], { s: span })`. Empty and undefined parameters are left out. */
export function href(path: readonly string[], params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value) query.set(key, value);
  const text = query.toString();
  return root() + path.map(encodeURIComponent).join('/') + (text ? `?${text}` : '');
}

/** Goes to an address made by `href`. `replace` keeps the history entry: for adjustments rather than navigation. */
export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  route.value = read();
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(root()) || link.dataset['native'] !== undefined) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
  window.scrollTo(0, 0);
}

/** Starts following links and the back button. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    route.value = read();
  });
  document.addEventListener('click', followLink);
}
