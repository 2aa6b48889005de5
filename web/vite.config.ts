import { cpSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'
import { defineConfig, type Plugin } from 'vitest/config'

const out = fileURLToPath(new URL('../server/static', import.meta.url))
const backend = process.env['YUNJIAN_BACKEND'] ?? 'http://127.0.0.1:8080'

/** Puts Swagger UI beside the pages (docs/), so that the API's page needs nothing from outside. */
function apiDocs(): Plugin {
  let built = out
  return {
    name: 'yunjian-api-docs',
    apply: 'build',
    configResolved: (config) => void (built = config.build.outDir),
    closeBundle() {
      const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
      const to = resolve(built, 'docs')
      mkdirSync(to, { recursive: true })
      for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE', 'NOTICE']) {
        cpSync(resolve(from, file), resolve(to, file))
      }
      cpSync(fileURLToPath(new URL('./docs', import.meta.url)), to, { recursive: true })
    },
  }
}

/** Puts what PDF.js reads at run time beside the pages: tables of Chinese encodings, fonts that a PDF may leave out. */
function pdfParts(): Plugin {
  let built = out
  return {
    name: 'yunjian-pdf-parts',
    apply: 'build',
    configResolved: (config) => void (built = config.build.outDir),
    closeBundle() {
      const from = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
      for (const part of ['cmaps', 'standard_fonts', 'wasm/openjpeg_nowasm_fallback.js', 'LICENSE']) {
        cpSync(resolve(from, part), resolve(built, 'pdfjs', part), { recursive: true })
      }
    },
  }
}

/**
 * Builds the inside of the early view as one classic script: a frame with an opaque origin may load no modules
 * from here.
 */
function earlyFrame(): Plugin {
  let built = out
  return {
    name: 'yunjian-early-frame',
    apply: 'build',
    configResolved: (config) => void (built = config.build.outDir),
    async closeBundle() {
      await build({
        configFile: false,
        root: fileURLToPath(new URL('.', import.meta.url)),
        publicDir: false,
        logLevel: 'warn',
        // read only where there is Node
        define: { 'import.meta.url': '""' },
        build: {
          outDir: resolve(built, 'early'),
          emptyOutDir: false,
          target: 'es2022',
          chunkSizeWarningLimit: 4000,
          lib: { entry: 'src/early/frame.ts', formats: ['iife'], name: 'yunjianEarly', fileName: () => 'frame.js' },
        },
      })
    },
  }
}

export default defineConfig({
  base: '/',
  plugins: [vue(), apiDocs(), pdfParts(), earlyFrame()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  // a worker that loads a part of itself later is a module
  worker: { format: 'es' },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    // a data: address would need its own source in the content security policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: backend },
      '/docs': { target: backend },
      '/socket.io': { target: backend, ws: true },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
    testTimeout: 10_000,
  },
})
