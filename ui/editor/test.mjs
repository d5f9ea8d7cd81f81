// Bundles the tests (they import TypeScript) and runs them with Node's own test runner, in one process.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const names = (await readdir(join(here, 'test'))).filter(name => name.endsWith('.test.ts'))
const wanted = process.argv[2] === undefined ? names : names.filter(name => name.includes(process.argv[2]))
// Beside node_modules, so that what stays outside the bundle is found.
const out = await mkdtemp(join(here, 'node_modules/.tests-'))
await build({
  entryPoints: wanted.map(name => join(here, 'test', name)), outdir: out, outExtension: { '.js': '.mjs' },
  bundle: true, splitting: true, platform: 'node', format: 'esm', target: ['node18'], external: ['jsdom'], logLevel: 'warning', sourcemap: 'inline',
})
const files = wanted.map(name => join(out, name.replace(/\.ts$/, '.mjs')))
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...files], { stdio: 'inherit' })
await rm(out, { recursive: true, force: true })
process.exit(status ?? 1)
