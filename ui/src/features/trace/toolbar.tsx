// SPDX-License-Identifier: Apache-2.0
import type { RefObject } from 'preact';
import { otlpAddress } from '../../api/client';
import { groupDigits } from '../../base/digits';
import type { TraceView } from './view';
import { isWhole } from './zoom';

interface ToolbarProps {
  readonly view: TraceView;
  readonly findInput: RefObject<HTMLInputElement | null>;
  readonly onHelp: () => void;
}

function Find({ view, findInput }: Pick<ToolbarProps, 'view' | 'findInput'>) {
  const matches = view.matches.value;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') view.nextMatch(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') findInput.current?.blur();
    else return;
    event.preventDefault();
  };
  return (
    <div class="trace-find">
      <input
        ref={findInput}
        class="field-input"
        type="search"
        aria-label="Find spans"
        placeholder="Find: text, error, >10ms, kind=client"
        spellcheck={false}
        value={view.find.value}
        onInput={(event) => {
          view.find.value = event.currentTarget.value;
        }}
        onKeyDown={onKeyDown}
      />
      {matches && (
        <>
          <span class="trace-matches" role="status">
            {groupDigits(matches.count)} {matches.count === 1 ? 'match' : 'matches'}
          </span>
          <button
            type="button"
            class="button quiet small"
            aria-label="Previous match"
            title="Previous match (N)"
            onClick={() => view.nextMatch(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="button quiet small"
            aria-label="Next match"
            title="Next match (n)"
            onClick={() => view.nextMatch(1)}
          >
            ↓
          </button>
          <label class="trace-only">
            <input
              type="checkbox"
              checked={view.only.value}
              onChange={(event) => {
                view.only.value = event.currentTarget.checked;
              }}
            />
            Only matches
          </label>
        </>
      )}
    </div>
  );
}

export function Toolbar({ view, findInput, onHelp }: ToolbarProps) {
  const zoomed = !isWhole(view.zoom.value, view.columns.durationNs);
  return (
    <div class="trace-tools" role="toolbar" aria-label="Trace">
      <Find view={view} findInput={findInput} />
      <div class="trace-buttons">
        {view.facts.errors > 0 && (
          <button
            type="button"
            class="button small trace-next-error"
            title="Next error (e)"
            onClick={() => view.nextError(1)}
          >
            ▲ Next error
          </button>
        )}
        <button type="button" class="button small" title="Fold all (-)" onClick={() => view.foldAll()}>
          Fold all
        </button>
        <button type="button" class="button small" title="Show one level less ([)" onClick={() => view.shiftLevel(-1)}>
          − Level
        </button>
        <button type="button" class="button small" title="Show one level more (])" onClick={() => view.shiftLevel(1)}>
          + Level
        </button>
        <button type="button" class="button small" title="Unfold all (=)" onClick={() => view.unfoldAll()}>
          Unfold all
        </button>
        <button
          type="button"
          class="button small"
          disabled={!zoomed}
          title="Show all of the time (0)"
          onClick={() => view.setZoom(view.whole())}
        >
          Reset zoom
        </button>
        <a
          class="button small"
          href={otlpAddress(view.columns.traceId)}
          download={`${view.columns.traceId}.json`}
          data-native
        >
          Download
        </a>
        <button
          type="button"
          class="button small"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
          onClick={onHelp}
        >
          ?
        </button>
      </div>
    </div>
  );
}
