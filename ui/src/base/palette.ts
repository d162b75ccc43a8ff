// SPDX-License-Identifier: Apache-2.0
// Colours that canvases and marks need as values. A test checks their contrast against both backgrounds (3:1 and more).

export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  readonly error: string;
  /** From few to many traces in a cell of the heat map. */
  readonly heat: readonly string[];
  readonly services: readonly string[];
}

export const LIGHT: Palette = {
  background: '#ffffff',
  text: '#1b2230',
  muted: '#5b6678',
  line: '#e3e7ee',
  accent: '#3451b2',
  error: '#c8232c',
  heat: ['#bccaf0', '#a0b3e9', '#829bde', '#657fd1', '#4a67c2', '#334ea6', '#243a82', '#182960'],
  services: [
    '#4e7dd6',
    '#349d62',
    '#c8800d',
    '#9468c2',
    '#159eab',
    '#c06099',
    '#699630',
    '#685cc6',
    '#109483',
    '#c86830',
    '#1b8abd',
    '#994b9e',
    '#9c7c0b',
    '#385790',
    '#236e44',
    '#8a4a26',
    '#654884',
    '#006b74',
    '#814869',
    '#715b13',
  ],
};

export const DARK: Palette = {
  background: '#14171d',
  text: '#e4e8ef',
  muted: '#9aa5b5',
  line: '#2a303b',
  accent: '#94abff',
  error: '#ff7b7b',
  heat: ['#2d3b6b', '#374a87', '#455ba6', '#566fc0', '#6a84d5', '#859de7', '#a8bbf5', '#d6e0ff'],
  services: [
    '#7aa4f2',
    '#7acc98',
    '#efb063',
    '#bc97e7',
    '#6dcfda',
    '#e08bbc',
    '#a4cd7a',
    '#908be8',
    '#67c5b3',
    '#e89366',
    '#5fafdb',
    '#c07bc3',
    '#e4c87b',
    '#afcbfe',
    '#609c75',
    '#f9ba9a',
    '#d7bdf8',
    '#4d9aa2',
    '#f7bddc',
    '#a4905a',
  ],
};

const SLOTS = LIGHT.services.length;
/** The first colours are the ones easiest to tell apart; the others serve when these are taken. */
const FIRST_SLOTS = 13;
const STORE_KEY = 'spandrel.services';
const MAX_STORED = 200;
const slots = new Map<string, number>();
const used = new Set<number>();
let restored = false;
let storing = false;

/** Not at the start: while the browser is busy with the navigation, the first look into its storage takes long. */
function restoreOnce(): void {
  if (restored) return;
  restored = true;
  for (const [name, slot] of stored()) {
    slots.set(name, slot);
    used.add(slot);
  }
}

function stored(): readonly (readonly [string, number])[] {
  try {
    const entries: unknown = JSON.parse(localStorage.getItem(STORE_KEY) ?? '[]');
    if (!Array.isArray(entries)) return [];
    return entries.filter(
      (entry): entry is [string, number] =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        Number.isInteger(entry[1]) &&
        entry[1] >= 0 &&
        entry[1] < SLOTS,
    );
  } catch {
    return [];
  }
}

function store(): void {
  storing = false;
  try {
    localStorage.setItem(STORE_KEY, JSON.stringify([...slots].slice(0, MAX_STORED)));
  } catch {
    // Colours then hold for this visit only.
  }
}

function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}

/** The colour slot of a service: from its name, moved on while another service has that slot. This browser keeps it. */
export function serviceSlot(name: string): number {
  restoreOnce();
  const known = slots.get(name);
  if (known !== undefined) return known;
  const wide = used.size >= FIRST_SLOTS;
  const range = wide ? SLOTS : FIRST_SLOTS;
  let slot = hash(name) % range;
  for (let tries = 0; used.has(slot) && tries < range; tries++) slot = (slot + 1) % range;
  used.add(slot);
  slots.set(name, slot);
  if (!storing) {
    storing = true;
    setTimeout(store);
  }
  return slot;
}

export function serviceColour(name: string, palette: Palette): string {
  return palette.services[serviceSlot(name)] ?? palette.muted;
}

/** WCAG contrast of two `#rrggbb` colours. */
export function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, blue = 0] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
