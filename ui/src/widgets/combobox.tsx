// SPDX-License-Identifier: Apache-2.0
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';

export interface Suggestion {
  /** What the list shows. */
  readonly label: string;
  readonly note?: string;
  /** The whole field after this suggestion is taken. */
  readonly value: string;
  /** The field is complete with it; otherwise typing goes on. */
  readonly final: boolean;
}

export type Suggest = (text: string, signal: AbortSignal) => Promise<readonly Suggestion[]>;

interface ComboboxProps {
  readonly label: string;
  readonly value: string;
  readonly suggest: Suggest;
  readonly onCommit: (value: string) => void;
  readonly placeholder?: string;
  readonly invalid?: string | undefined;
  readonly name?: string;
}

interface ListState {
  readonly open: boolean;
  readonly active: number;
  readonly items: readonly Suggestion[];
}

const CLOSED: ListState = { open: false, active: -1, items: [] };

/** Fetches suggestions for what is typed, a moment after the last key; answers to older text are dropped. */
function useSuggestions(suggest: Suggest, list: Signal<ListState>) {
  const latest = useRef(suggest);
  latest.current = suggest;
  const pending = useRef<{ timer?: ReturnType<typeof setTimeout>; controller?: AbortController }>({});
  const stop = (): void => {
    clearTimeout(pending.current.timer);
    pending.current.controller?.abort();
  };
  useEffect(() => stop, []);
  const ask = (text: string): void => {
    stop();
    const controller = new AbortController();
    const timer = setTimeout(() => {
      latest.current(text, controller.signal).then(
        (items) => {
          if (!controller.signal.aborted) list.value = { open: items.length > 0, active: -1, items };
        },
        () => undefined,
      );
    }, 60);
    pending.current = { timer, controller };
  };
  const close = (): void => {
    stop();
    list.value = CLOSED;
  };
  return { ask, close };
}

/** A text field with completion. It commits on Enter, on a final suggestion and when it loses the focus. */
export function Combobox({ label, value, suggest, onCommit, placeholder, invalid, name }: ComboboxProps) {
  const id = useId();
  const draft = useSignal(value);
  useLayoutEffect(() => {
    draft.value = value;
  }, [value]);
  const list = useSignal<ListState>(CLOSED);
  const { ask, close } = useSuggestions(suggest, list);
  const commit = (text: string): void => {
    close();
    if (text.trim() !== value) onCommit(text.trim());
  };
  const take = (item: Suggestion): void => {
    draft.value = item.value;
    if (item.final) commit(item.value);
    else ask(item.value);
  };
  const move = (step: number): void => {
    const { items, active, open } = list.value;
    if (!open) return ask(draft.value);
    list.value = {
      open,
      items,
      active: (active + step + items.length + (active < 0 && step < 0 ? 1 : 0)) % items.length,
    };
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = list.value.items[list.value.active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move(event.key === 'ArrowDown' ? 1 : -1);
    else if (event.key === 'Enter') {
      if (chosen) take(chosen);
      else commit(draft.value);
    } else if (event.key === 'Escape' && list.value.open) close();
    else return;
    event.preventDefault();
  };
  const { open, items, active } = list.value;
  return (
    <div class="field combobox">
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        name={name}
        class="field-input"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        value={draft.value}
        placeholder={placeholder}
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-invalid={invalid ? 'true' : undefined}
        onFocus={() => ask(draft.value)}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
          ask(draft.value);
        }}
        onBlur={() => commit(draft.value)}
        onKeyDown={onKeyDown}
      />
      {invalid && (
        <span class="field-note" role="alert">
          {invalid}
        </span>
      )}
      <ul id={`${id}-list`} class="combobox-list" role="listbox" aria-label={label} hidden={!open}>
        {items.map((item, i) => (
          <li
            key={item.value}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            onMouseDown={(event) => {
              event.preventDefault();
              take(item);
            }}
          >
            <span>{item.label}</span>
            {item.note && <small>{item.note}</small>}
          </li>
        ))}
      </ul>
    </div>
  );
}
