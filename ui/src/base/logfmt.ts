// SPDX-License-Identifier: Apache-2.0
// Tag conditions as one line of text: `http.route=/users error=true k="two words" retry.count>=2 db.system.name`.

export interface Condition {
  readonly key: string;
  /** Empty: the key exists. */
  readonly operator: '' | '=' | '!=' | '>' | '>=' | '<' | '<=' | '=~';
  readonly value: string;
}

const TERM = /([^\s=!<>~"]+)(?:(=~|!=|>=|<=|=|>|<)(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/gy;

const unescape = (text: string): string => text.replace(/\\(.)/g, '$1');

/** The conditions of a line, or undefined when a part of it is none. */
export function parseConditions(line: string): readonly Condition[] | undefined {
  const found: Condition[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(line[at] ?? '')) at++;
    if (at >= line.length) return found;
    TERM.lastIndex = at;
    const match = TERM.exec(line);
    if (!match) return undefined;
    found.push({
      key: match[1] ?? '',
      operator: (match[2] ?? '') as Condition['operator'],
      value: match[3] === undefined ? (match[4] ?? '') : unescape(match[3]),
    });
    at = TERM.lastIndex;
    if (at < line.length && !/\s/.test(line[at] ?? '')) return undefined;
  }
}

function quote(value: string): string {
  return value === '' || /[\s"\\=]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
}

export function formatCondition(condition: Condition): string {
  return condition.operator === '' ? condition.key : condition.key + condition.operator + quote(condition.value);
}

/** The line with one more condition at its end; unchanged when it is there already. */
export function addCondition(line: string, condition: Condition): string {
  const text = formatCondition(condition);
  if (` ${line} `.includes(` ${text} `)) return line;
  return line.trim() === '' ? text : `${line.trim()} ${text}`;
}
