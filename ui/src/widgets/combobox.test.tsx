// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Combobox, type Suggest } from './combobox';

const suggest: Suggest = (text) =>
  Promise.resolve(
    ['alpha', 'beta'].filter((name) => name.includes(text)).map((name) => ({ label: name, value: name, final: true })),
  );

let host: HTMLElement;
const committed = vi.fn();
const input = (): HTMLInputElement => host.querySelector('input') ?? document.createElement('input');

beforeEach(() => {
  vi.useFakeTimers();
  committed.mockClear();
  host = document.createElement('div');
  document.body.append(host);
  render(<Combobox label="Name" value="" suggest={suggest} onCommit={committed} />, host);
});

afterEach(() => {
  render(null, host);
  host.remove();
  vi.useRealTimers();
});

async function type(text: string): Promise<void> {
  await act(async () => {
    input().value = text;
    input().dispatchEvent(new Event('input', { bubbles: true }));
    await vi.advanceTimersByTimeAsync(100);
  });
}

const press = (key: string) =>
  act(() => {
    input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  });

it('keeps what is typed when suggestions arrive, and commits it on Enter', async () => {
  await type('al');
  expect([...host.querySelectorAll('li')].map((li) => li.textContent)).toEqual(['alpha']);
  expect(input().value).toBe('al');
  await press('Enter');
  expect(committed).toHaveBeenCalledWith('al');
});

it('takes a suggestion by keyboard', async () => {
  await type('a');
  await press('ArrowDown');
  await press('ArrowDown');
  await press('Enter');
  expect(committed).toHaveBeenCalledExactlyOnceWith('beta');
  expect(input().value).toBe('beta');
});

it('closes on Escape and drops answers to older text', async () => {
  await type('a');
  await press('Escape');
  expect(input().getAttribute('aria-expanded')).toBe('false');
  expect(committed).not.toHaveBeenCalled();
});
