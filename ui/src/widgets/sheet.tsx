// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface SheetProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog of the platform; Escape and the button close it, and the focus goes back. */
export function Sheet({ title, open, onClose, children }: SheetProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={ref} class="sheet" aria-label={title} onClose={onClose}>
      {open && (
        <>
          <div class="sheet-head">
            <h2>{title}</h2>
            <button type="button" class="button quiet small" onClick={() => ref.current?.close()}>
              Close
            </button>
          </div>
          <div class="sheet-body">{children}</div>
        </>
      )}
    </dialog>
  );
}
