// SPDX-License-Identifier: Apache-2.0
// One polite live region for the whole page: what a screen reader should say next.
import { signal } from '@preact/signals';

export const announcement = signal('');

export function announce(text: string): void {
  announcement.value = text;
}
