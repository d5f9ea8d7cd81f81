import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relativePositionToAbsolutePosition, ySyncPluginKey } from '@tiptap/y-tiptap'
import { Core, Y, fingerprint } from './page.js'
import { type Opened, lesson, opened, paragraph } from './helpers.js'
import { applyRemote, carets } from '../src/index.js'
import { CaretLine, type Cursor, type Peer, Peers, SILENT_MS } from '../src/peers.js'

type Word = [lesson: string, client: number | null, cursor: Cursor | null]

/** A core that also hears where the caret is. */
class Listening extends Core {
  readonly words: Word[] = []
  /** When each was said, in milliseconds. */
  readonly times: number[] = []
  /** Lesson that is listened for: what is still to be said of others comes later. */
  of = ''
  caret(...word: Word): Promise<void> {
    if (word[0] === this.of) {
      this.words.push(word)
      this.times.push(performance.now())
    }
    return Promise.resolve()
  }
}

const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
const pause = (ms: number) => new Promise(done => setTimeout(done, ms))
/** A busy machine is no failure: what is waited for may take its time. */
async function until(is: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !is(); tries += 1) {
    assert.ok(tries < 2_000, `waited in vain for ${what}`)
    await pause(5)
  }
}
const textOf = (body: Y.XmlFragment, block: number) => (body.get(block) as Y.XmlElement).get(0) as Y.XmlText
/** A place behind so many letters of a block, as y-prosemirror says it. */
const behind = (body: Y.XmlFragment, block: number, letters: number) =>
  Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(textOf(body, block), letters, -1)) as Cursor['head']

function peer(core: Core, name: string, block: number, from: number, to = from, who: Partial<Peer> = {}): Peer {
  const body = core.doc(name).getXmlFragment('body')
  return { client: 77, name: 'Ada', hue: 2, cursor: { anchor: behind(body, block, from), head: behind(body, block, to) }, ...who }
}

/** The text with a bar where a caret is, and brackets around what is selected. */
const drawn = (view: Opened) => {
  const copy = view.editor().view.dom.cloneNode(true) as HTMLElement
  for (const caret of copy.querySelectorAll('.caret')) caret.replaceWith(`|${caret.querySelector('.caret-name')?.getAttribute('data-name') ?? ''}|`)
  for (const part of copy.querySelectorAll('.peer-selection')) part.replaceWith(`[${part.textContent}]`)
  return [...copy.children].map(block => block.textContent).join('/')
}

function elsewhere(core: Core, name: string, edit: (body: Y.XmlFragment) => void): [update: Uint8Array, client: number] {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(core.doc(name)))
  const before = Y.encodeStateVector(doc)
  edit(doc.getXmlFragment('body'))
  const update = Y.encodeStateAsUpdate(doc, before)
  Y.applyUpdate(core.doc(name), update)
  return [update, doc.clientID]
}

test('the caret of somebody else is drawn with the name, moves with what is typed here, and leaves', async () => {
  const { core, name } = lesson([paragraph('hello world'), paragraph('second')])
  const view = await opened(core, name)
  carets(name, [peer(core, name, 0, 5)])
  await frame()
  assert.equal(drawn(view), 'hello|Ada| world/second')
  const caret = view.editor().view.dom.querySelector<HTMLElement>('.caret')
  assert.equal(caret?.getAttribute('aria-hidden'), 'true')
  assert.match(caret?.getAttribute('style') ?? '', /--peer-3/)
  view.editor().commands.insertContentAt(1, 'Oh, ')
  assert.equal(drawn(view), 'Oh, hello|Ada| world/second')
  // At the same place: theirs stays behind their letter.
  view.editor().commands.insertContentAt(10, '!')
  assert.equal(drawn(view), 'Oh, hello|Ada|! world/second')
  await view.handle.flush()
  carets(name, [peer(core, name, 1, 6, 3)])
  await frame()
  assert.equal(drawn(view), 'Oh, hello! world/sec|Ada|[ond]')
  // Who only reads has none, and who is gone neither.
  carets(name, [peer(core, name, 0, 0, 0, { cursor: null })])
  await frame()
  assert.equal(drawn(view), 'Oh, hello! world/second')
  carets(name, [peer(core, name, 0, 1)])
  await frame()
  carets(name, [])
  await frame()
  assert.equal(drawn(view), 'Oh, hello! world/second')
  view.end()
})

test('a caret stays at its letter while its author and others edit, and waits for text that has not arrived', async () => {
  const { core, name } = lesson([paragraph('hello world')])
  const view = await opened(core, name)
  carets(name, [peer(core, name, 0, 5)])
  await frame()
  applyRemote(name, elsewhere(core, name, body => textOf(body, 0).insert(0, 'Well: '))[0])
  assert.equal(drawn(view), 'Well: hello|Ada| world')
  const [update, client] = elsewhere(core, name, body => textOf(body, 0).insert(17, '!!'))
  const at = { item: { client, clock: 1 }, assoc: -1 }
  carets(name, [peer(core, name, 0, 0, 0, { cursor: { anchor: at, head: at } })])
  await frame()
  assert.equal(drawn(view), 'Well: hello|Ada| world')
  applyRemote(name, update)
  assert.equal(drawn(view), 'Well: hello world!!|Ada|')
  view.end()
})

test('places that are none are not drawn, and nothing of carets is written into the lesson', async () => {
  const { core, name } = lesson([paragraph('hello'), paragraph()])
  const listening = Object.assign(new Listening(), { docs: core.docs, of: name })
  const before = fingerprint(core.doc(name))
  const view = await opened(listening, name)
  const good = peer(core, name, 0, 2)
  const ends = [{}, { item: { client: 1, clock: 1 } }, { type: { client: 5, clock: 5 } }, { tname: 'assets' }, { tname: '__proto__' },
    { item: { client: -1, clock: -1 } }, { item: 'x' }]
  for (const end of ends) {
    for (const cursor of [{ anchor: end, head: end }, { anchor: good.cursor!.anchor, head: end }]) {
      carets(name, [{ ...good, client: 5, cursor: cursor as Cursor }, good])
      await frame()
      assert.match(drawn(view), /he\|Ada\|llo/, JSON.stringify(end))
    }
  }
  // Between blocks, where a whole lesson that is selected ends: at the nearest text, since there it would make a line.
  carets(name, [{ ...good, cursor: { anchor: { tname: 'body', assoc: -1 }, head: { tname: 'body', assoc: 0 } } }])
  await frame()
  assert.match(drawn(view), /^\[hello\]\/\|Ada\|$/)
  // The empty paragraph, as y-prosemirror says it.
  const empty = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(core.doc(name).getXmlFragment('body').get(1) as Y.XmlElement, 0, -1)) as Cursor['head']
  carets(name, [{ ...good, cursor: { anchor: empty, head: empty } }])
  await frame()
  assert.equal(drawn(view), 'hello/|Ada|')
  view.editor().commands.focus(3)
  view.editor().commands.setTextSelection({ from: 1, to: 4 })
  await pause(200)
  assert.equal(listening.pushes.length, 0)
  assert.equal(fingerprint(core.doc(name)), before)
  assert.equal(fingerprint((view.handle as unknown as { document: { doc: Y.Doc } }).document.doc), before)
  view.end()
})

test('one’s own caret is told while somebody is there, when it moved, at most every 50 ms, and its end at once', async () => {
  const { core, name } = lesson([paragraph('hello world'), paragraph('second')])
  const listening = Object.assign(new Listening(), { docs: core.docs, of: name })
  const view = await opened(listening, name)
  const { words, times } = listening
  await until(() => words.length > 0, 'the first word')
  const client = (view.handle as unknown as { document: { doc: Y.Doc } }).document.doc.clientID
  assert.deepEqual(words, [[name, client, null]], 'that it is open is said, alone too')
  view.editor().commands.focus(3)
  view.editor().commands.setTextSelection(5)
  await pause(150)
  assert.equal(words.length, 1, 'nothing while alone')
  carets(name, [peer(core, name, 0, 0)])
  await until(() => words.length > 1, 'the caret')
  const place = (word: Word | undefined) => {
    const state = view.editor().state
    const { type, binding } = ySyncPluginKey.getState(state) as { type: Y.XmlFragment; binding: { mapping: never } }
    return (['anchor', 'head'] as const).map(end =>
      relativePositionToAbsolutePosition(type.doc!, type, Y.createRelativePositionFromJSON(word?.[2]?.[end]), binding.mapping) as number | null)
  }
  assert.deepEqual(place(words[1]), [5, 5])
  for (let n = 0; n < 40; n += 1) {
    view.editor().commands.setTextSelection({ from: 1, to: 2 + (n % 8) })
    await pause(5)
  }
  await until(() => words.length > 2 && place(words.at(-1))[1] === 9, 'the last place')
  await pause(150)
  assert.deepEqual(place(words.at(-1)), [1, 9])
  const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0))
  assert.ok(gaps.every(gap => gap >= 49), `said after ${gaps.map(Math.round).join(', ')} ms`)
  const before = words.length
  carets(name, [peer(core, name, 1, 0)])
  await pause(150)
  assert.equal(words.length, before, 'it did not move')
  view.editor().commands.insertContentAt(9, 'x')
  await view.handle.flush()
  view.end()
  await until(() => words.at(-1)?.[1] === null, 'the end')
  assert.deepEqual(words.at(-1), [name, null, null])
})

test('who may only read is there without a caret, and sees those of others', async () => {
  const { core, name } = lesson([paragraph('hello world')])
  const listening = Object.assign(new Listening(), { docs: core.docs, of: name })
  const view = await opened(listening, name, false)
  carets(name, [peer(core, name, 0, 5)])
  view.editor().commands.focus(3)
  await pause(200)
  assert.deepEqual(listening.words.map(([, , cursor]) => cursor), [null])
  assert.equal(drawn(view), 'hello|Ada| world')
  view.end()
})

test('an edit of somebody who is here lights up in their colour', async () => {
  const { core, name } = lesson([paragraph('hello world')])
  const view = await opened(core, name)
  const lit = () => view.editor().view.dom.querySelector('.remote-edit')?.getAttribute('style') ?? ''
  applyRemote(name, elsewhere(core, name, body => textOf(body, 0).insert(0, 'a'))[0])
  applyRemote(name, elsewhere(core, name, body => textOf(body, 0).insert(0, 'b'))[0])
  assert.equal(lit(), '')
  const [update, client] = elsewhere(core, name, body => textOf(body, 0).insert(0, 'c'))
  carets(name, [peer(core, name, 0, 0, 0, { client, hue: 4 })])
  applyRemote(name, update)
  assert.match(lit(), /--peer-5/)
  view.end()
})

test('words about carets go one at a time, in order, and of each lesson only the latest', async () => {
  const said: unknown[] = []
  let open: () => void = () => undefined
  const line = new CaretLine((lesson, client) => {
    said.push(`${lesson} ${client}`)
    return new Promise(done => { open = done })
  }, () => Promise.resolve())
  line.say('a', 1, null)
  await pause(1)
  for (const client of [2, 3]) line.say('a', client, null)
  line.say('b', 1, null)
  line.say('a', null, null)
  for (let n = 0; n < 3; n += 1) {
    await pause(1)
    assert.equal(said.length, n + 1)
    open()
  }
  await pause(1)
  assert.deepEqual(said, ['a 1', 'b 1', 'a null'])
})

test('the name shows for two seconds after each move, and not because of what is typed here', async () => {
  const { core, name } = lesson([paragraph('hello world'), paragraph('second')])
  const view = await opened(core, name)
  const shown = () => view.editor().view.dom.querySelector<HTMLElement>('.caret')?.dataset.shown
  const ada = peer(core, name, 0, 5)
  carets(name, [ada])
  await frame()
  assert.equal(shown(), 'true')
  await pause(1_000)
  view.editor().commands.insertContentAt(1, 'Oh, ')
  await pause(1_500)
  assert.equal(shown(), 'false')
  view.editor().commands.insertContentAt(1, 'Well. ')
  carets(name, [{ ...ada }, peer(core, name, 1, 1, 1, { client: 78, name: 'Ben' })])
  await frame()
  assert.equal(shown(), 'false', 'Ben came, Ada did not move')
  carets(name, [peer(core, name, 0, 4)])
  await frame()
  assert.equal(shown(), 'true')
  view.end()
})

test('who is not heard of for long is not shown any more', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const peers = new Peers()
  let told = 0
  peers.watch(() => { told += 1 })
  const ada = { client: 1, name: 'Ada', hue: 1, cursor: null }
  peers.set([ada])
  t.mock.timers.tick(SILENT_MS - 1)
  peers.set([{ ...ada }])
  assert.equal(told, 1, 'a renewal changes nothing')
  t.mock.timers.tick(SILENT_MS - 1)
  assert.equal(peers.all.length, 1)
  t.mock.timers.tick(1)
  assert.deepEqual([peers.all.length, told], [0, 2])
})
