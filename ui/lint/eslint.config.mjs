// SPDX-License-Identifier: Apache-2.0
// What tsc does not find. Layout is prettier's business.
import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const BROWSER = ['document', 'window', 'location', 'fetch', 'console', 'URL', 'URLSearchParams'];
const NODE = ['process', 'console', 'URL', 'Buffer', 'setTimeout', 'clearTimeout', 'performance'];
const readonly = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

export default tseslint.config(
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strict],
    plugins: { 'react-hooks': hooks },
    languageOptions: { globals: readonly(BROWSER) },
    rules: {
      // Types are tsc's business.
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
      'react-hooks/rules-of-hooks': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['mock/**/*.mjs', 'scripts/**/*.mjs', 'lint/*.mjs'],
    languageOptions: { globals: readonly(NODE) },
  },
);
