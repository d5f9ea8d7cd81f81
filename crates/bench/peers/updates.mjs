// yjs on the same logs as `inkhorn-bench updates`: reads a file of updates, each behind its length in four bytes, and
// state vectors behind them; prints medians in microseconds as JSON.
import * as Y from 'yjs'
import fs from 'node:fs'
import { performance } from 'node:perf_hooks'

const file = fs.readFileSync(process.argv[2])
let at = 0
const number = () => { at += 4; return file.readUInt32LE(at - 4) }
const list = () => Array.from({ length: number() }, () => {
  const length = number()
  at += length
  return new Uint8Array(file.subarray(at - length, at))
})
const updates = list()
const vectors = list()

const median = (times, work) => {
  const took = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    work()
    took.push((performance.now() - start) * 1000)
  }
  return took.sort((a, b) => a - b)[times >> 1]
}

let merged
const merge = median(1, () => { merged = Y.mergeUpdates(updates) })
const doc = new Y.Doc()
const integrate = median(1, () => doc.transact(() => updates.forEach((update) => Y.applyUpdate(doc, update))))
const diffs = vectors.map((vector) => ({
  update: median(9, () => Y.diffUpdate(merged, vector)),
  doc: median(9, () => Y.encodeStateAsUpdate(doc, vector))
}))
console.log(JSON.stringify({ merge, integrate, diffs, merged: merged.length, state: Y.encodeStateAsUpdate(doc).length }))
