// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { tenant } from '../api/client';
import { chooseTenant, session, signOut } from '../api/session';
import { announcement } from '../base/live';
import { href } from '../base/router';
import { type ThemeChoice, chooseTheme, themeChoice } from '../base/theme';
import { Banner } from './banner';
import './shell.css';

interface ShellProps {
  readonly section: string;
  readonly children: ComponentChildren;
}

const SECTIONS = [
  { id: 'search', label: 'Search', path: ['search'], params: {} },
  { id: 'map', label: 'Map', path: ['map'], params: {} },
  { id: 'system', label: 'System', path: ['system'], params: {} },
  { id: '', label: 'Send traces', path: [], params: { send: '1' } },
] as const;
const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { auto: 'light', light: 'dark', dark: 'auto' };
const SIGN: Readonly<Record<ThemeChoice, string>> = { auto: '◐', light: '○', dark: '●' };

function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M3 28V12A10 10 0 0 1 16 3.5 10 10 0 0 1 29 12v16h-5V14a6 6 0 0 0-6-6h-4a6 6 0 0 0-6 6v14z"
        fill="currentColor"
      />
    </svg>
  );
}

function ThemeButton() {
  const choice = themeChoice.value;
  return (
    <button
      type="button"
      class="button quiet small"
      title="Theme"
      aria-label={`Theme: ${choice}`}
      onClick={() => chooseTheme(NEXT[choice])}
    >
      <span aria-hidden="true">{SIGN[choice]}</span>
      <span class="theme-name">Theme: {choice}</span>
    </button>
  );
}

function Account() {
  const user = session.value;
  if (!user?.required || !user.signedIn) return null;
  return (
    <button type="button" class="button quiet small" onClick={() => void signOut().catch(() => undefined)}>
      {user.user ? `Sign out ${user.user}` : 'Sign out'}
    </button>
  );
}

function TenantChoice() {
  const tenants = session.value?.tenants ?? [];
  if (tenants.length < 2) return null;
  return (
    <select
      class="field-select"
      aria-label="Tenant"
      value={tenant.value}
      onChange={(event) => chooseTenant(event.currentTarget.value)}
    >
      {tenants.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

/** What an operator should know before somebody else does. */
function Warnings() {
  const warnings = session.value?.warnings ?? [];
  if (warnings.length === 0) return null;
  return (
    <details class="shell-warnings">
      <summary>{warnings.length === 1 ? warnings[0] : `${warnings.length} ports are open to other machines`}</summary>
      {warnings.length > 1 && (
        <ul>
          {warnings.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <p>TLS and a login close them; docs/guide/security.md says how.</p>
    </details>
  );
}

export function Shell({ section, children }: ShellProps) {
  const focusMain = (event: MouseEvent): void => {
    event.preventDefault();
    document.getElementById('main')?.focus();
  };
  return (
    <>
      <a class="skip-link" href="#main" onClick={focusMain}>
        Skip to content
      </a>
      <header class="shell-head">
        <a class="shell-brand" href={href(['search'])}>
          <Logo />
          <span>Spandrel</span>
        </a>
        <nav aria-label="Main">
          {SECTIONS.map(({ id, label, path, params }) => (
            <a key={id} href={href(path, params)} aria-current={section === id ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <TenantChoice />
        <Account />
        <ThemeButton />
      </header>
      <Warnings />
      <Banner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}
