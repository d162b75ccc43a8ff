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
  heat: ['#d3dcf5', '#b3c2ee', '#8ea4e3', '#6a85d4', '#4a67c2', '#334ea6', '#243a82', '#182960'],
  services: [
    '#4972c0', '#2e9052', '#b77610', '#9262b3', '#068b96', '#868604', '#5d55a9', '#037465', '#9b4805', '#af609f',
    '#00668e', '#406503', '#735a00', '#7b3a7f', '#045f5f', '#4391d7', '#9c7fd7', '#0b9068', '#b76b1c', '#1089a6',
  ],
};

export const DARK: Palette = {
  background: '#14171d',
  text: '#e4e8ef',
  muted: '#9aa5b5',
  line: '#2a303b',
  accent: '#94abff',
  error: '#ff7b7b',
  heat: ['#232f55', '#2c3d74', '#384e95', '#4a63b5', '#627dd1', '#819ae6', '#a8bbf5', '#d6e0ff'],
  services: [
    '#779ee6', '#76c68d', '#edb067', '#c196e1', '#46ccda', '#c2c469', '#8581cf', '#1ba995', '#d18254', '#d188c1',
    '#2d90c1', '#7ba051', '#ba9b40', '#a96dac', '#139292', '#95cafd', '#ccb6ff', '#82e9be', '#e0995c', '#67dcfe',
  ],
};

const SLOTS = LIGHT.services.length;
const slots = new Map<string, number>();
const used = new Set<number>();

function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}

/** The colour slot of a service: from its name, moved on while another service of this visit has that slot. */
export function serviceSlot(name: string): number {
  const known = slots.get(name);
  if (known !== undefined) return known;
  let slot = hash(name) % SLOTS;
  if (used.size < SLOTS) while (used.has(slot)) slot = (slot + 1) % SLOTS;
  used.add(slot);
  slots.set(name, slot);
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
