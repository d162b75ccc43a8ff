// SPDX-License-Identifier: Apache-2.0
import { useId } from 'preact/hooks';
import type { Filter } from '../../api/client';
import { parseDuration } from '../../base/duration';
import { parseConditions } from '../../base/logfmt';
import { Combobox } from '../../widgets/combobox';
import './filter_form.css';
import { suggestOperation, suggestService, suggestTags } from './suggest';
import { TimeRange } from './time_range';

interface FilterFormProps {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
  readonly onClear: () => void;
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <select
        id={id}
        class="field-select"
        value={value ?? ''}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="">Any</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </div>
  );
}

interface DurationProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly placeholder: string;
  readonly onChange: (value: string) => void;
}

function DurationField({ label, value, placeholder, onChange }: DurationProps) {
  const id = useId();
  const wrong = value !== undefined && value !== '' && parseDuration(value) === undefined;
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class="field-input"
        type="text"
        value={value ?? ''}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={wrong ? 'true' : undefined}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
    </div>
  );
}

/** Every change searches at once; the whole form is in the URL. */
export function FilterForm({ filter, onChange, onClear }: FilterFormProps) {
  const tagsWrong =
    parseConditions(filter.tags ?? '') === undefined
      ? 'Write key=value; put values with spaces in "quotes".'
      : undefined;
  return (
    <form class="filter-form" role="search" aria-label="Find traces" onSubmit={(event) => event.preventDefault()}>
      <Combobox
        label="Service"
        name="service"
        value={filter.service ?? ''}
        placeholder="Any service"
        suggest={suggestService}
        onCommit={(service) => onChange({ service, operation: '' })}
      />
      <Combobox
        label="Operation"
        name="operation"
        value={filter.operation ?? ''}
        placeholder="Any operation"
        suggest={suggestOperation(filter.service)}
        onCommit={(operation) => onChange({ operation })}
      />
      <Combobox
        label="Tags"
        name="tags"
        value={filter.tags ?? ''}
        placeholder="http.route=/users error=true"
        suggest={suggestTags(filter)}
        invalid={tagsWrong}
        onCommit={(tags) => onChange({ tags })}
      />
      <div class="filter-pair">
        <Choice
          label="Status"
          value={filter.status}
          options={['error', 'ok', 'unset']}
          onChange={(status) => onChange({ status })}
        />
        <Choice
          label="Kind"
          value={filter.kind}
          options={['server', 'client', 'internal', 'producer', 'consumer']}
          onChange={(kind) => onChange({ kind })}
        />
      </div>
      <div class="filter-pair">
        <DurationField
          label="Min duration"
          value={filter.minDuration}
          placeholder="e.g. 100ms"
          onChange={(minDuration) => onChange({ minDuration })}
        />
        <DurationField
          label="Max duration"
          value={filter.maxDuration}
          placeholder="e.g. 1.5s"
          onChange={(maxDuration) => onChange({ maxDuration })}
        />
      </div>
      <TimeRange filter={filter} onChange={onChange} />
      <div class="filter-actions">
        <button type="submit" class="button primary" onClick={() => onChange({})}>
          Find traces
        </button>
        <button type="button" class="button quiet" onClick={onClear}>
          Clear
        </button>
      </div>
    </form>
  );
}
