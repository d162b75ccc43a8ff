// SPDX-License-Identifier: Apache-2.0
// Completion for the filter form. Lists are asked for when a field gets the focus, never before the results.
import { type Filter, getAttributeValues, getAttributes, getOperations, getServices } from '../../api/client';
import { formatCondition } from '../../base/logfmt';
import type { Suggest, Suggestion } from '../../widgets/combobox';

const SHOWN = 50;
const ASKED = 200;

function matching(names: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  return names.filter((name) => name.toLowerCase().includes(wanted)).slice(0, SHOWN);
}

export const suggestService: Suggest = async (text, signal) =>
  matching(await getServices(signal), text).map((name) => ({ label: name, value: name, final: true }));

export function suggestOperation(service: string | undefined): Suggest {
  return async (text, signal) => {
    if (!service) return [];
    const operations = await getOperations(service, signal);
    const kinds = new Map(operations.map((operation) => [operation.name, operation.kind]));
    return matching([...kinds.keys()], text).map((name) => ({
      label: name,
      note: kinds.get(name) ?? '',
      value: name,
      final: true,
    }));
  };
}

/** Completes the last word of the line: first an attribute's name, after `=` its values. */
export function suggestTags(filter: Filter): Suggest {
  const others: Filter = { ...filter, tags: '' };
  return async (text, signal) => {
    const start = text.search(/[^\s]*$/);
    const head = text.slice(0, start);
    const [, key = '', operator = '', typed = ''] =
      /^([^=!<>~]*)(=~|!=|>=|<=|=|>|<)?"?(.*)$/.exec(text.slice(start)) ?? [];
    const names = await getAttributes(others, ASKED, signal);
    if (operator === '') {
      const keys = new Map(names.map((name) => [name.key, name.scope]));
      return matching([...keys.keys()], key).map((name): Suggestion => ({
        label: name,
        note: keys.get(name) ?? '',
        value: `${head}${name}=`,
        final: false,
      }));
    }
    const name = names.find((candidate) => candidate.key === key);
    if (!name || operator === '=~') return [];
    const values = await getAttributeValues(name, others, ASKED, signal);
    return matching(values, typed).map((value) => ({
      label: value,
      value: head + formatCondition({ key, operator: operator as '=', value }),
      final: true,
    }));
  };
}
