// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { announcement } from '../base/live';
import { href } from '../base/router';
import { type ThemeChoice, chooseTheme, themeChoice } from '../base/theme';
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
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}
