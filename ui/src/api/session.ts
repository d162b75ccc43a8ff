// SPDX-License-Identifier: Apache-2.0
// Who is signed in. The server keeps the session; its cookie is out of reach from here.
import { signal } from '@preact/signals';
import { getJson, postJson, signedOut, tenant } from './client';

export type SignInWay = 'password' | 'token';

/** A page of somebody else on which one may sign in, such as `id.example`. */
export interface SignInPage {
  readonly label: string;
  readonly path: string;
}

export interface Session {
  readonly signedIn: boolean;
  /** Whether the server asks for a login at all. */
  readonly required: boolean;
  readonly ways: readonly SignInWay[];
  readonly redirects: readonly SignInPage[];
  readonly user: string;
  readonly tenants: readonly string[];
  /** What is open that perhaps should not be, a sentence each. */
  readonly warnings: readonly string[];
}

/** As the server said last; nothing before it answers. */
export const session = signal<Session | undefined>(undefined);

export function chooseTenant(name: string): void {
  tenant.value = name;
  localStorage.setItem('spandrel.tenant', name);
}

/** Keeps the choice of a tenant while the login has it. */
function take(next: Session): void {
  session.value = next;
  const { tenants } = next;
  if (tenants.length < 2) tenant.value = '';
  else if (!tenants.includes(tenant.value)) chooseTenant(tenants[0] ?? '');
  signedOut.value = next.required && !next.signedIn;
}

export async function loadSession(signal?: AbortSignal): Promise<void> {
  take(await getJson<Session>('session', {}, signal));
}

export type Credentials = { readonly user: string; readonly password: string } | { readonly token: string };

export async function signIn(credentials: Credentials): Promise<void> {
  take(await postJson<Session>('session', credentials));
}

export async function signOut(): Promise<void> {
  take(await postJson<Session>('session/end', {}));
}
