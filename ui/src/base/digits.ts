// SPDX-License-Identifier: Apache-2.0

/** A whole number with its digits in groups: 1234567 -> "1,234,567". The page's language is fixed, so `Intl` is not needed. */
export function groupDigits(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
