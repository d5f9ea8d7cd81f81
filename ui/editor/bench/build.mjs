// Bundles the peer of the benchmark of keys: `node bench/build.mjs FILE`.
import { build } from 'esbuild'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [outfile] = process.argv.slice(2)
if (outfile === undefined) throw new Error('which file?')
await build({
  entryPoints: [join(dirname(fileURLToPath(import.meta.url)), 'peer.ts')], outfile,
  bundle: true, minify: true, format: 'iife', target: ['safari16'], logLevel: 'warning',
})
