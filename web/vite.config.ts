import { cpSync, mkdirSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, URL } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'
import { defineConfig, type Plugin } from 'vitest/config'
import { Slowest } from './slowest.js'

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
      for (const file of [
        'swagger-ui.css',
        'swagger-ui-bundle.js',
        'favicon-32x32.png',
        'LICENSE',
        'NOTICE',
      ]) {
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
          lib: {
            entry: 'src/early/frame.ts',
            formats: ['iife'],
            name: 'yunjianEarly',
            fileName: () => 'frame.js',
          },
        },
      })
    },
  }
}

/** The parts that a desk fetches while it rests (src/wire/ahead.ts), and the modules with which each begins. */
const AHEAD = {
  window_case: ['/src/pages/window/WindowCasePage.vue', '/src/i18n/zh-CN/case/index.ts'],
  approver_case: ['/src/pages/approver/ApproverCasePage.vue', '/src/i18n/zh-CN/case/index.ts'],
  document: ['/pdfjs-dist/legacy/build/pdf.mjs', '/pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'],
}

/** Writes down which files each part has beside those that every page loads. */
function ahead(): Plugin {
  return {
    name: 'yunjian-ahead',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const filesOf = (name: string, found: Set<string>): Set<string> => {
          const chunk = bundle[name]
          if (found.has(name) || chunk?.type !== 'chunk') return found
          found.add(name)
          for (const more of [
            ...(chunk.viteMetadata?.importedCss ?? []),
            ...(chunk.viteMetadata?.importedAssets ?? []),
          ])
            found.add(more)
          for (const one of chunk.imports) filesOf(one, found)
          return found
        }
        const chunks = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [one] : []))
        const first = new Set(
          chunks.filter((one) => one.isEntry).flatMap((one) => [...filesOf(one.fileName, new Set())]),
        )
        const parts = Object.entries(AHEAD).map(([part, begins]) => {
          const files = begins.flatMap((module) => {
            const chunk = chunks.find((one) => one.facadeModuleId?.endsWith(module))
            if (!chunk) throw new Error(`${module} is no chunk of its own: what is fetched ahead has changed`)
            return [...filesOf(chunk.fileName, new Set())]
          })
          return [part, [...new Set(files)].filter((file) => !first.has(file)).map((file) => `/${file}`)]
        })
        this.emitFile({
          type: 'asset',
          fileName: 'ahead.json',
          source: JSON.stringify(Object.fromEntries(parts)),
        })
      },
    },
  }
}

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)
const SQUEEZED = /\.(js|mjs|css|html|svg|json|bcmap|ttf|pfb)$/
/** Smaller files travel in one packet as they are. */
const WORTH_BYTES = 512

/** Writes .br and .gz beside every file that grows smaller by them; the server answers with these. */
function compressed(): Plugin {
  let built = out
  return {
    name: 'yunjian-compressed',
    apply: 'build',
    configResolved: (config) => void (built = config.build.outDir),
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        const files = (await readdir(built, { recursive: true })).filter((name) => SQUEEZED.test(name))
        await Promise.all(
          files.map(async (name) => {
            const path = resolve(built, name)
            const whole = await readFile(path)
            if (whole.length < WORTH_BYTES) return
            // the last few per cent take ten times as long: only where a desk waits for the file
            const params = {
              [constants.BROTLI_PARAM_QUALITY]: name.startsWith('assets') ? 11 : 9,
              [constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
            }
            const ways = { br: await brotli(whole, { params }), gz: await zip(whole, { level: 9 }) }
            for (const [suffix, less] of Object.entries(ways))
              if (less.length < whole.length * 0.95) await writeFile(`${path}.${suffix}`, less)
          }),
        )
      },
    },
  }
}

const PX = /(?<![\w.-])(\d+(?:\.\d+)?px)\b/g

/** Lets text follow the size that its reader chose: each size of type in px, ours and Element Plus's, is multiplied by --yj-text. */
const textFollows = {
  postcssPlugin: 'yunjian-text',
  Declaration(one: { prop: string; value: string }) {
    if (
      !/^(font|font-size|line-height|--el-(.+-)?font-size.*)$/.test(one.prop) ||
      /calc\(|max\(/.test(one.value)
    )
      return
    const scaled = one.value.replace(PX, 'calc($1 * var(--yj-text, 1))')
    if (scaled !== one.value) one.value = scaled
  },
}

const OWN_ZONE = 'src/rules/china.test.ts'

export default defineConfig({
  base: '/',
  plugins: [vue(), apiDocs(), pdfParts(), earlyFrame(), ahead(), compressed()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  css: { postcss: { plugins: [textFollows] } },
  // a worker that loads a part of itself later is a module
  worker: { format: 'es' },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    // a data: address would need its own source in the content security policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // many small files cost more in headers and round trips than in content
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'vue', test: /node_modules\/(vue|@vue|vue-router|vue-i18n|@intlify)\// },
            {
              name: 'ui',
              test: /src\/(ui\/(?!KeyHelp|[Ss]ourceText|SegmentedReview|Splitter|InkLines|Pointer|Proposal|Video|RingCard|Transfer|Recording|CallKeys|theme)|wire\/(http|session|pace|socket|messages|ahead)|pages\/head\/(LanguageSwitch|HeadTools))/,
            },
          ],
        },
      },
    },
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
    server: { deps: { inline: ['element-plus', '@vue/test-utils'] } },
    testTimeout: 10_000,
    reporters: ['default', new Slowest()],
    // with one worker Vitest would give all files one context (isolate is false for vmThreads), and what one file
    // leaves behind fails the next; a machine of two cores would get one
    maxWorkers: 2,
    // a context of its own for each file within few threads: the imports are read once. A thread has no time zone of
    // its own, which the tests of the office's time set
    projects: [
      {
        extends: true,
        test: {
          name: 'pages',
          pool: 'vmThreads',
          include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [OWN_ZONE],
        },
      },
      { extends: true, test: { name: 'zone', pool: 'forks', include: [OWN_ZONE] } },
    ],
  },
})
