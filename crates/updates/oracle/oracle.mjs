// Real yjs as the oracle of tests/all/yjs.rs.
//
//   node oracle.mjs generate FIRST COUNT   one scenario a line: what clients sent to a server, in its order
//   node oracle.mjs verify                 what the index made of it, a line each on stdin; complaints on stdout
//   node oracle.mjs corpus FIRST COUNT DIR   inputs for the fuzz targets, a folder a target under DIR
//
// A scenario is a function of its seed alone, so `verify` makes it again instead of being told.

import * as Y from 'yjs'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'

/** A small seeded generator (mulberry32). */
const random = (seed) => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n) => Math.floor(next() * n)
  // Replicas of yjs tidy formats after remote changes, each for itself. So scenarios with formats compare what a
  // document says, and those without (odd seeds) also exactly what is deleted.
  const formats = seed % 2 === 0
  return { formats, below, chance: (p) => next() < p, pick: (list) => list[below(list.length)] }
}

const toHex = (bytes) => Buffer.from(bytes).toString('hex')
const fromHex = (text) => new Uint8Array(Buffer.from(text, 'hex'))

const WORDS = ['ink', 'horn ', 'é', '😀', '漢字', ' ', 'a', 'b', 'scholar 👩‍🎓 ', '\n', 'x'.repeat(40), '\ufffd']
const KEYS = ['a', 'b', 'title', 'ключ', '']
const TAGS = ['paragraph', 'heading', 'bulletList', 'listItem', 'unknownNode']

const value = (r, depth = 0) => {
  switch (r.below(depth > 2 ? 9 : 12)) {
    case 0: return r.below(1000)
    case 1: return -r.below(100000)
    case 2: return r.below(1000) / 7
    case 3: return r.below(1000) / 4
    case 4: return r.pick([0, -0, 2 ** 31, -(2 ** 31), 2 ** 40, 2 ** 53, 1e300, 1e21])
    case 5: return r.pick(WORDS)
    case 6: return r.chance(0.5)
    case 7: return null
    case 8: return BigInt(r.below(1000)) * (r.chance(0.5) ? 1n : -(2n ** 40n))
    case 9: return Array.from({ length: r.below(4) }, () => value(r, depth + 1))
    case 10: return Object.fromEntries(Array.from({ length: r.below(4) }, (_, i) => [r.pick(KEYS) + i, value(r, depth + 1)]))
    default: return new Uint8Array([r.below(256), r.below(256)])
  }
}

/** A value that JSON can carry. */
const plain = (r) => JSON.parse(JSON.stringify(value(r), (_, v) => (typeof v === 'bigint' ? Number(v) : v)) ?? 'null')

const attributes = (r) => ({ [r.pick(['bold', 'link', 'color'])]: r.pick([true, null, { href: 'é', target: null }, 'red']) })

/** Never cuts a surrogate pair: replicas of yjs themselves disagree after such a cut. */
const editText = (r, text) => {
  const units = text.toDelta().flatMap((op) => (typeof op.insert === 'string' ? [...op.insert] : [op.insert]))
  const size = (unit) => (typeof unit === 'string' ? unit.length : 1)
  const at = r.below(units.length + 1)
  const index = units.slice(0, at).reduce((sum, unit) => sum + size(unit), 0)
  const span = units.slice(at, at + 1 + r.below(6)).reduce((sum, unit) => sum + size(unit), 0)
  switch (r.below(6)) {
    case 0: case 1: case 2: return text.insert(index, r.pick(WORDS), r.formats && r.chance(0.2) ? attributes(r) : undefined)
    case 3: return span && text.delete(index, span)
    case 4: return r.formats && span && text.format(index, span, attributes(r))
    default: return text.insertEmbed(index, { image: plain(r) }, r.formats && r.chance(0.3) ? attributes(r) : undefined)
  }
}

const editList = (r, list, depth = 0) => {
  const at = r.below(list.length + 1)
  if (r.chance(0.3) && list.length > 0) {
    const from = r.below(list.length)
    return list.delete(from, Math.min(list.length - from, 1 + r.below(3)))
  }
  if (r.chance(0.2)) return list.insert(at, [shared(r, depth)])
  // An array of yjs takes no bare bigint.
  const item = () => { const v = value(r); return typeof v === 'bigint' ? [v] : v }
  list.insert(at, Array.from({ length: 1 + r.below(4) }, item))
}

const editMap = (r, map, depth = 0) => {
  const key = r.pick(KEYS)
  if (r.chance(0.2)) return map.delete(key)
  map.set(key, r.chance(0.25) ? shared(r, depth) : value(r))
}

const shared = (r, depth) => {
  switch (r.below(3)) {
    case 0: return new Y.Text(r.pick(WORDS))
    case 1: { const map = new Y.Map(); map.set('k', value(r)); return map }
    default: { const list = new Y.Array(); list.push([plain(r), plain(r)]); return list }
  }
}

const within = (r, type) => {
  const inner = [...(type instanceof Y.Map ? type.values() : type)].filter((v) => v instanceof Y.AbstractType)
  const next = inner.length && r.chance(0.4) ? r.pick(inner) : null
  if (next instanceof Y.Text) return editText(r, next)
  if (next) return within(r, next)
  return type instanceof Y.Map ? editMap(r, type) : editList(r, type)
}

const editXml = (r, node) => {
  const children = node.toArray()
  if (children.length && r.chance(0.6)) {
    const child = r.pick(children)
    if (child instanceof Y.XmlText) return editText(r, child)
    return editXml(r, child)
  }
  if (node instanceof Y.XmlElement && r.chance(0.2)) {
    return r.chance(0.2) ? node.removeAttribute('level') : node.setAttribute('level', r.chance(0.5) ? `${r.below(4)}` : plain(r))
  }
  if (children.length && r.chance(0.3)) {
    const from = r.below(children.length)
    return node.delete(from, Math.min(children.length - from, 1 + r.below(2)))
  }
  const element = () => {
    const made = new Y.XmlElement(r.pick(TAGS))
    if (r.chance(0.7)) made.insert(0, [new Y.XmlText(r.pick(WORDS))])
    if (r.chance(0.3)) made.setAttribute('id', `n${r.below(100)}`)
    return made
  }
  node.insert(r.below(children.length + 1), r.chance(0.7) ? [element()] : [new Y.XmlText(r.pick(WORDS)), element()])
}

const edit = (r, doc) => {
  switch (r.below(7)) {
    case 0: case 1: return editText(r, doc.getText('text'))
    case 2: case 3: return editXml(r, doc.getXmlFragment('body'))
    case 4: return within(r, doc.getMap('map'))
    case 5: return within(r, doc.getArray('list'))
    default: return within(r, doc.getArray('a root of a newer app'))
  }
}

const fresh = (gc, id) => {
  const doc = new Y.Doc({ gc })
  if (id !== undefined) doc.clientID = id
  for (const [name, type] of [['text', Y.Text], ['body', Y.XmlFragment], ['map', Y.Map], ['list', Y.Array], ['a root of a newer app', Y.Array]]) doc.get(name, type)
  return doc
}

/** Runs a scenario: what a server gets, in its order. Each entry also says whether something may be missing. */
const scenario = (seed) => {
  const r = random(seed)
  const log = []
  const server = fresh(r.chance(0.5))
  const send = (bytes, partial = false) => {
    log.push({ bytes, partial })
    // What was sent with a hole comes again in full, so the hole is closed before the end.
    if (!partial) Y.applyUpdate(server, bytes)
  }
  const clients = Array.from({ length: 2 + r.below(4) }, (_, i) => {
    const id = r.pick([i + 1, 100 + i, 2 ** 31 + i, 2 ** 32 - 1 - i, 2 ** 52 + i])
    const doc = fresh(r.chance(0.7), id)
    const client = { doc, received: 0, queue: [], sent: [], undo: null }
    if (r.chance(0.5)) {
      client.undo = new Y.UndoManager([doc.getText('text'), doc.getXmlFragment('body'), doc.getMap('map')], { captureTimeout: 0 })
    }
    doc.on('update', (bytes, origin) => origin !== 'remote' && client.queue.push(bytes))
    return client
  })
  const receive = (client, to) => {
    for (; client.received < to; client.received++) {
      const { bytes, partial } = log[client.received]
      if (!partial) Y.applyUpdate(client.doc, bytes, 'remote')
    }
  }
  const flush = (client) => {
    const { queue, doc } = client
    client.queue = []
    client.sent.push(...queue)
    if (!queue.length) return
    switch (r.below(7)) {
      case 0: return send(Y.mergeUpdates(queue))
      // Step 2: all that the server lacks, or much more than that.
      case 1: return send(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server)))
      case 2: return send(Y.encodeStateAsUpdate(doc))
      case 3: {
        // One too many times, and overlapping.
        const at = r.below(queue.length)
        queue.slice(0, at + 1).forEach((bytes) => send(bytes))
        send(Y.mergeUpdates(queue.slice(r.below(at + 1))))
        return send(queue[at])
      }
      case 4: {
        if (queue.length > 2) send(Y.mergeUpdates([queue[0], ...queue.slice(2)]), true)
        return queue.forEach((bytes) => send(bytes))
      }
      default: return queue.forEach((bytes) => send(bytes))
    }
  }
  for (let step = 20 + r.below(120); step > 0; step--) {
    const client = r.pick(clients)
    const dice = r.below(100)
    if (dice < 60) client.doc.transact(() => { for (let n = 1 + r.below(3); n > 0; n--) edit(r, client.doc) })
    else if (dice < 66 && client.undo) r.chance(0.6) ? client.undo.undo() : client.undo.redo()
    else if (dice < 80) receive(client, client.received + r.below(log.length - client.received + 1))
    else if (dice < 84 && client.sent.length) send(r.pick(client.sent))
    else flush(client)
  }
  for (const client of clients) flush(client)
  for (const client of clients) receive(client, log.length)
  const cuts = Array.from({ length: 20 }, () => {
    const cut = new Map()
    Y.decodeStateVector(Y.encodeStateVector(server)).forEach((clock, id) => r.chance(0.8) && cut.set(id, r.below(clock + 1)))
    return Y.encodeStateVector(cut)
  })
  return { log, cuts, server, clients }
}

/** What a document says, whatever the order of keys. */
const meaning = (doc) => {
  const sorted = (v) => {
    if (typeof v === 'bigint') return `${v}n`
    if (v instanceof Uint8Array) return [...v]
    if (Array.isArray(v)) return v.map(sorted)
    if (v && typeof v === 'object') return Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])]))
    return Object.is(v, -0) ? 0 : v === undefined ? 'undefined' : v
  }
  const xml = (node) => {
    if (node instanceof Y.XmlText) return sorted(node.toDelta())
    const attrs = node instanceof Y.XmlElement ? [node.nodeName, sorted(node.getAttributes())] : []
    return [...attrs, node.toArray().map(xml)]
  }
  return JSON.stringify({
    text: sorted(doc.getText('text').toDelta()),
    body: xml(doc.getXmlFragment('body')),
    map: sorted(doc.getMap('map').toJSON()),
    list: sorted(doc.getArray('list').toJSON()),
    other: sorted(doc.getArray('a root of a newer app').toJSON()),
    vector: [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort((a, b) => a[0] - b[0]),
    pending: [doc.store.pendingStructs, doc.store.pendingDs]
  })
}

/** The same without formats, which replicas tidy each in its own way (some 1 in 1,000 disagrees with the others). */
const unformatted = (text) => {
  const strip = (v) => {
    if (!Array.isArray(v)) return v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, strip(w)])) : v
    const out = []
    for (const item of v) {
      const { attributes, ...op } = item && typeof item === 'object' && 'insert' in item ? item : { whole: item }
      const last = out[out.length - 1]
      if ('whole' in op) out.push(strip(item))
      else if (typeof op.insert === 'string' && typeof last?.insert === 'string') last.insert += op.insert
      else out.push(op)
    }
    return out
  }
  return JSON.stringify(strip(JSON.parse(text)))
}

const deleted = (doc) => {
  const set = Y.createDeleteSetFromStructStore(doc.store)
  return JSON.stringify([...set.clients].sort((a, b) => a[0] - b[0]))
}

/** Structs and deletions of an update, for comparing two encodings of the same. */
const structs = (bytes) => {
  const { structs, ds } = Y.decodeUpdate(bytes)
  const show = (s) => [s.constructor.name, s.id, s.length, s.origin, s.rightOrigin, s.parent, s.parentSub, s.content?.constructor.name, s.content?.str, s.content?.arr]
  const text = JSON.stringify(structs.map(show), (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
  return text + JSON.stringify([...ds.clients])
}

const verify = ({ seed, parts, encode, compact, vector, diffs, cuts }) => {
  const { server, cuts: vectors } = scenario(seed)
  const complaints = []
  const strict = !random(seed).formats
  const expect = (what, left, right) => left === right || complaints.push(`seed ${seed}: ${what}\n  is       ${left}\n  expected ${right}`)
  const wanted = meaning(server)
  const same = (what, doc) => strict ? expect(what, meaning(doc), wanted) : expect(what, unformatted(meaning(doc)), unformatted(wanted))
  for (const [name, bytes] of [['encode', encode], ['compact', compact]]) {
    for (const gc of [true, false]) {
      const doc = fresh(gc)
      Y.applyUpdate(doc, fromHex(bytes))
      expect(`${name} applied (gc ${gc})`, meaning(doc), wanted)
      if (strict) expect(`deletions of ${name} (gc ${gc})`, deleted(doc), deleted(server))
    }
  }
  expect('state vector', vector, toHex(Y.encodeStateVector(server)))
  const replica = fresh(true)
  for (let k = 0; k <= parts.length; k++) {
    for (const { sv, diff } of diffs.filter((d) => d.after === k)) {
      expect(`replica's state vector after ${k}`, toHex(Y.encodeStateVector(replica)), sv)
      const late = fresh(true)
      Y.applyUpdate(late, Y.encodeStateAsUpdate(replica))
      Y.applyUpdate(late, fromHex(diff))
      same(`diff after ${k}`, late)
    }
    if (k < parts.length) Y.applyUpdate(replica, fromHex(parts[k]))
  }
  same('what was relayed', replica)
  if (strict) expect('deletions of what was relayed', deleted(replica), deleted(server))
  vectors.forEach((sv, i) => {
    expect(`cut ${toHex(sv)}`, structs(fromHex(cuts[i])), structs(Y.diffUpdate(fromHex(encode), sv)))
  })
  return complaints
}

const [mode, first, count, folder] = process.argv.slice(2)
if (mode === 'generate') {
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const { log, cuts, server, clients } = scenario(seed)
    // Tidying formats, replicas for a while even disagree (some 1 % of the scenarios). The oracle must agree with itself before anything is held against it.
    if (clients.some((client) => meaning(client.doc) !== meaning(server))) continue
    const updates = log.map(({ bytes, partial }) => ({ bytes: toHex(bytes), partial }))
    console.log(JSON.stringify({ seed, updates, cuts: cuts.map(toHex) }))
  }
} else if (mode === 'verify') {
  let failed = false
  for await (const line of readline.createInterface({ input: process.stdin })) {
    for (const complaint of verify(JSON.parse(line))) {
      failed = true
      console.log(complaint.slice(0, 4000))
    }
  }
  process.exitCode = failed ? 1 : 0
} else if (mode === 'corpus') {
  for (const target of ['validate', 'index_add', 'differential']) fs.mkdirSync(path.join(folder, target), { recursive: true })
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const log = scenario(seed).log.filter(({ bytes, partial }) => !partial && bytes.length < 65536).slice(0, 40)
    log.slice(0, 5).forEach(({ bytes }, i) => fs.writeFileSync(path.join(folder, 'validate', `${seed}-${i}`), bytes))
    const framed = Buffer.concat(log.flatMap(({ bytes }) => [Buffer.from([bytes.length & 255, bytes.length >> 8]), bytes]))
    for (const target of ['index_add', 'differential']) fs.writeFileSync(path.join(folder, target, `${seed}`), framed)
  }
} else {
  console.error('usage: node oracle.mjs generate FIRST COUNT | verify | corpus FIRST COUNT DIR')
  process.exitCode = 2
}
