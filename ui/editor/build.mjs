// Builds dist/: the island, the styles, the icons, the fonts. `--assets` does all but the island, `--mock` adds what the
// mock bridge needs.
import { build } from 'esbuild'
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const modules = join(here, 'node_modules')

/** Icons of the interface and of the island, by their Lucide names. */
const ICONS = (await readFile(join(here, 'icons.txt'), 'utf8')).split(/\s+/).filter(name => name !== '')

/** Fonts: what a European course needs; other scripts fall back to the system. */
const FONTS = [
  ...['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese'].map(set => ['inter', `inter-${set}-wght-normal`]),
  ...['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese'].flatMap(set => [
    ['literata', `literata-${set}-wght-normal`], ['literata', `literata-${set}-wght-italic`],
  ]),
  ...['latin', 'latin-ext', 'greek', 'cyrillic'].map(set => ['jetbrains-mono', `jetbrains-mono-${set}-wght-normal`]),
]

// Stroke and fill come from the class `icon`, through inheritance: one sprite serves both sizes with the same line.
async function sprite() {
  const symbols = await Promise.all(ICONS.map(async name => {
    const svg = await readFile(join(modules, 'lucide-static/icons', `${name}.svg`), 'utf8')
    const inner = /<svg[^>]*>([\s\S]*?)<\/svg>/.exec(svg)?.[1]?.replace(/\s*\n\s*/g, '') ?? ''
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`
  }))
  await writeFile(join(dist, 'icons.svg'), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('\n')}</svg>\n`)
}

async function fonts() {
  await mkdir(join(dist, 'fonts'), { recursive: true })
  await Promise.all(FONTS.map(([family, file]) =>
    cp(join(modules, '@fontsource-variable', family, 'files', `${file}.woff2`), join(dist, 'fonts', `${file}.woff2`))))
  const formulas = (await readdir(join(modules, 'katex/dist/fonts'))).filter(name => name.endsWith('.woff2'))
  await Promise.all(formulas.map(name => cp(join(modules, 'katex/dist/fonts', name), join(dist, 'fonts', name))))
}

// KaTeX's own styles, with the one kind of font file that every webview takes.
const katexStyles = {
  name: 'katex-styles',
  setup(build) {
    build.onResolve({ filter: /^katex\.css$/ }, ({ path }) => ({ path, namespace: 'katex' }))
    build.onLoad({ filter: /.*/, namespace: 'katex' }, async () => {
      const css = await readFile(join(modules, 'katex/dist/katex.min.css'), 'utf8')
      return { contents: css.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)/g, ''), loader: 'css' }
    })
  },
}

async function styles() {
  await build({
    entryPoints: [join(here, '../styles/app.css')], outfile: join(dist, 'app.css'),
    bundle: true, minify: true, external: ['fonts/*', './fonts/*'], target: ['safari16'], logLevel: 'warning',
    plugins: [katexStyles],
  })
}

// What few lessons need (formulas, languages, the engine of regular expressions, …) is a file of its own, loaded when it is
// first asked for.
async function island() {
  await build({
    entryPoints: { editor: join(here, 'src/index.ts') }, outdir: dist, chunkNames: '[name]-[hash]',
    bundle: true, splitting: true, minify: true, format: 'esm', target: ['safari16'], legalComments: 'none', logLevel: 'warning',
  })
}

async function mock() {
  await build({
    entryPoints: [join(here, 'mock/store.ts')], outfile: join(dist, 'mock.js'),
    bundle: true, format: 'esm', target: ['safari16'], logLevel: 'warning',
  })
}

if (!process.argv.includes('--assets')) await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const parts = [sprite(), fonts(), styles()]
if (!process.argv.includes('--assets')) parts.push(island())
if (process.argv.includes('--mock')) parts.push(mock())
await Promise.all(parts)
