// SPDX-License-Identifier: Apache-2.0
// Single-key commands of a page. They are off while a text field has the focus or a dialog is open.
import { useLayoutEffect } from 'preact/hooks';

export type KeyMap = Readonly<Record<string, () => void>>;

const EDITABLE = 'input, textarea, select, [contenteditable]';

function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest(EDITABLE) !== null;
}

/**
 * Binds keys by `KeyboardEvent.key` while the component is mounted, from before it is seen: a key that is pressed at
 * once counts. The map may change with each render.
 */
export function useKeys(keys: KeyMap): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      if (document.querySelector('dialog[open]')) return;
      const command = keys[event.key];
      if (!command) return;
      if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary'))
        return;
      event.preventDefault();
      command();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
