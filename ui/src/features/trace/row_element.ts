// SPDX-License-Identifier: Apache-2.0
// One pooled row of the waterfall: its elements are made once, then only texts, classes and transforms change.

export interface RowElement {
  readonly row: HTMLElement;
  readonly indent: HTMLElement;
  readonly twist: HTMLElement;
  readonly mark: HTMLElement;
  readonly service: Text;
  readonly operation: Text;
  readonly notes: Text;
  readonly bar: HTMLElement;
  readonly label: HTMLElement;
  readonly labelText: Text;
  /** The row of the list that it shows, -1 for none. */
  shown: number;
}

function child(parent: HTMLElement, tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

function textIn(parent: HTMLElement): Text {
  const text = document.createTextNode('');
  parent.append(text);
  return text;
}

function cell(row: HTMLElement, name: string): HTMLElement {
  const element = child(row, 'div', name);
  element.setAttribute('role', 'gridcell');
  return element;
}

export function makeRow(body: HTMLElement, id: string): RowElement {
  const row = child(body, 'div', 'wf-row');
  row.setAttribute('role', 'row');
  row.id = id;
  const name = cell(row, 'wf-name');
  const indent = child(name, 'i', 'wf-indent');
  const twist = child(name, 'i', 'wf-twist');
  const mark = child(name, 'i', 'wf-mark');
  twist.setAttribute('aria-hidden', 'true');
  const service = textIn(child(name, 'span', 'wf-service'));
  const operation = textIn(child(name, 'span', 'wf-operation'));
  const notes = textIn(child(name, 'span', 'wf-notes'));
  const time = cell(row, 'wf-time');
  const bar = child(time, 'i', 'wf-bar');
  const label = child(time, 'span', 'wf-label');
  return { row, indent, twist, mark, service, operation, notes, bar, label, labelText: textIn(label), shown: -1 };
}
