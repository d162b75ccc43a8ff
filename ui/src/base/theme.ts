// SPDX-License-Identifier: Apache-2.0
// Light, dark, or what the system says. The choice is kept in this browser only.
import { computed, effect, signal } from '@preact/signals';
import { DARK, LIGHT } from './palette';

export type ThemeChoice = 'auto' | 'light' | 'dark';

const KEY = 'spandrel.theme';

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);

export const themeChoice = signal<ThemeChoice>('auto');
export const isDark = computed(() => (themeChoice.value === 'auto' ? systemDark.value : themeChoice.value === 'dark'));

export const palette = computed(() => (isDark.value ? DARK : LIGHT));

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  try {
    if (choice === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // A browser that keeps nothing still gets the theme for this visit.
  }
}

/**
 * Keeps the document's theme in step with the choice. The choice is read just before the first frame, not earlier: while
 * the browser is busy with the navigation, the first look into its storage takes long.
 */
export function startTheme(): void {
  requestAnimationFrame(() => {
    themeChoice.value = stored();
  });
  system.addEventListener('change', (event) => {
    systemDark.value = event.matches;
  });
  effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  });
}
