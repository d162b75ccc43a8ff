// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type Credentials, type SignInPage, type SignInWay, session, signIn } from '../../api/session';
import { messageOf } from '../../base/resource';
import './sign_in.css';

function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      {children}
    </label>
  );
}

function typedIn(form: HTMLFormElement, way: SignInWay): Credentials {
  const fields = new FormData(form);
  const text = (name: string): string => String(fields.get(name) ?? '');
  return way === 'token' ? { token: text('token').trim() } : { user: text('user'), password: text('password') };
}

function Form({ way }: { readonly way: SignInWay }) {
  const error = useSignal('');
  const busy = useSignal(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    busy.value = true;
    error.value = '';
    signIn(typedIn(form, way))
      .catch((reason: unknown) => (error.value = messageOf(reason)))
      .finally(() => (busy.value = false));
  };
  return (
    <form class="sign-in-form" onSubmit={submit}>
      {way === 'token' ? (
        <Field label="Token">
          <input class="field-input" type="password" name="token" autocomplete="off" required />
        </Field>
      ) : (
        <>
          <Field label="User">
            <input class="field-input" type="text" name="user" autocomplete="username" required />
          </Field>
          <Field label="Password">
            <input class="field-input" type="password" name="password" autocomplete="current-password" required />
          </Field>
        </>
      )}
      {error.value && (
        <p class="sign-in-error" role="alert">
          {error.value}
        </p>
      )}
      <button type="submit" class="button primary" disabled={busy.value}>
        {way === 'token' ? 'Sign in with a token' : 'Sign in'}
      </button>
    </form>
  );
}

/** Comes back to the view that was asked for. */
function PageLink({ page }: { readonly page: SignInPage }) {
  const address = new URL(page.path.slice(1), document.baseURI);
  address.searchParams.set('to', location.pathname + location.search);
  return (
    <a class="button primary sign-in-link" href={address.href} data-native>
      Sign in with {page.label}
    </a>
  );
}

/** Stands where the page would be while the server wants a login. */
export function SignIn() {
  const ways = session.value?.ways ?? [];
  const pages = session.value?.redirects ?? [];
  return (
    <section class="sign-in panel" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      {pages.map((page) => (
        <PageLink key={page.path} page={page} />
      ))}
      {ways.map((way) => (
        <Form key={way} way={way} />
      ))}
      {session.value && ways.length + pages.length === 0 && <p>This server takes certificates or headers only.</p>}
    </section>
  );
}
