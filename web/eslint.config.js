import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import imports, { createNodeResolver } from 'eslint-plugin-import-x'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'
import typescript from 'typescript-eslint'
import { zones } from './house.js'

// Rules that find faults; how a text is set is Prettier's. What types forbid, vue-tsc tells.
export default defineConfig(
  { ignores: ['docs/', 'public/', 'src/wire/messages.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { files: ['*.{js,mjs,ts}'], languageOptions: { globals: globals.node } },
  {
    files: ['**/*.{ts,vue}'],
    extends: [
      typescript.configs.recommended,
      vue.configs['flat/essential'],
      accessibility.configs['flat/recommended'],
    ],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: typescript.parser, extraFileExtensions: ['.vue'] },
    },
    rules: {
      // vue-tsc knows better
      'no-undef': 'off',
      // a type that widens another's is declared by an interface without members
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // Chinese has a wide space of its own
      'no-irregular-whitespace': 'off',
      'vue/no-irregular-whitespace': [
        'error',
        { skipStrings: true, skipTemplates: true, skipHTMLTextContents: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'vue/multi-word-component-names': 'off',
      // a reactive thing is handed to the part that works on it; only what was handed may not be exchanged
      'vue/no-mutating-props': ['error', { shallowOnly: true }],
      'vue/no-v-html': 'error',
      'vue/no-template-target-blank': 'error',
      'vue/no-template-shadow': 'error',
      'vue/require-explicit-emits': 'error',
      'vue/no-unused-refs': 'error',
      'vue/no-unused-emit-declarations': 'error',
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // lists without marks are lists for VoiceOver only when they say so
      'vuejs-accessibility/no-redundant-roles': ['error', { ul: ['list'], ol: ['list'] }],
      // keys are heard where they bubble, Escape at the pane that closes; clicks are held by click-events-have-key-events
      'vuejs-accessibility/no-static-element-interactions': 'off',
      // what is spoken here is live, or a recording of it: there is no text of it
      'vuejs-accessibility/media-has-caption': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    ignores: ['**/*.test.ts'],
    plugins: { 'import-x': imports },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.vue'] })] },
    rules: { 'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: zones() }] },
  },
  {
    files: ['src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
    },
  },
)
