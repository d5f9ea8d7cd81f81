import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fill } from './page.js'
import { lesson, opened, paragraph } from './helpers.js'
import { PushQueue, turn } from '../src/queue.js'
import { flush, hasPending, reset } from '../src/index.js'

test('an edit that the core refuses freezes the lesson and hands over its text; opened again it is as the core has it', async () => {
  const { core, name } = lesson([paragraph('kept')])
  const view = await opened(core, name)
  core.gate = () => Promise.reject(new Error('client id taken'))
  view.editor().commands.insertContentAt(5, ' and typed')
  const frozen = await core.heard<{ message: string; text: string }>('frozen')
  assert.deepEqual(frozen, { message: 'client id taken', text: 'kept and typed' })
  assert.equal(view.editor().isEditable, false)
  view.editor().commands.insertContentAt(1, 'more')
  assert.equal(view.handle.text(), 'kept and typed')
  await assert.rejects(view.handle.flush())
  await assert.rejects(flush())
  view.end()
  core.gate = null
  const again = await opened(core, name)
  assert.equal(again.handle.text(), 'kept')
  assert.equal(again.mode, 'edit')
  again.editor().commands.insertContentAt(5, '!')
  await again.handle.flush()
  assert.equal(hasPending(), false)
  again.end()
})

test('the queue sends in order, one at a time, and merges what waits', async () => {
  const sent: number[][] = []
  let free: () => void = () => undefined
  let saved = 0
  const queue = new PushQueue(
    async update => { sent.push([...update]); await new Promise<void>(done => { free = done }) },
    updates => new Uint8Array(updates.flatMap(update => [...update])),
    { saving: () => undefined, saved: () => { saved += 1 }, unsaved: () => undefined, refused: () => undefined },
  )
  queue.add(new Uint8Array([1]))
  assert.deepEqual(sent, [], 'nothing is sent while the letter is not in the page yet')
  assert.equal(queue.pending, true)
  const all = queue.flush()
  await turn()
  for (const n of [2, 3]) queue.add(new Uint8Array([n]))
  assert.deepEqual(sent, [[1]])
  free()
  await new Promise(setImmediate)
  assert.deepEqual(sent, [[1], [2, 3]])
  assert.equal(saved, 0)
  free()
  await all
  assert.equal(saved, 1)
  assert.equal(queue.pending, false)
})

test('a push that fails for a passing reason is tried again with the same bytes', async () => {
  const sent: number[][] = []
  const said: string[] = []
  const queue = new PushQueue(
    update => { sent.push([...update]); return sent.length < 3 ? Promise.reject({ retry: true, message: 'disk full' }) : Promise.resolve() },
    updates => new Uint8Array(updates.flatMap(update => [...update])),
    { saving: () => said.push('saving'), saved: () => said.push('saved'), unsaved: () => said.push('unsaved'), refused: () => said.push('refused') },
    () => Promise.resolve(),
  )
  queue.add(new Uint8Array([7]))
  await queue.flush()
  assert.deepEqual(sent, [[7], [7], [7]])
  assert.deepEqual(said, ['saving', 'unsaved', 'unsaved', 'saved'])
})

test('a lesson that the core made anew is loaded again in place, and what is typed afterwards fits it', async () => {
  const { core, name } = lesson([paragraph('old')])
  const view = await opened(core, name)
  view.editor().commands.insertContentAt(4, ' and mine')
  await view.handle.flush()
  core.docs.delete(name)
  fill(core.doc(name).getXmlFragment('body'), [paragraph('made anew')])
  const since = core.events.length
  reset(name)
  await core.heard('ready', since)
  assert.equal(view.handle.text(), 'made anew')
  assert.match(view.element.textContent ?? '', /^made anew$/)
  view.editor().commands.insertContentAt(10, '!')
  await view.handle.flush()
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>made anew!</paragraph>')
  view.end()
})

test('a lesson that is made anew while an edit is on its way hands the text over first', async () => {
  const { core, name } = lesson([paragraph('old')])
  const view = await opened(core, name)
  core.gate = () => new Promise(() => undefined)
  view.editor().commands.insertContentAt(4, ' and typed')
  reset(name)
  assert.equal((await core.heard<{ text: string }>('frozen')).text, 'old and typed')
  view.end()
})

test('a lesson that was left before its last edit was refused comes back editable, and what is typed then is saved', async () => {
  const { core, name } = lesson([paragraph('kept')])
  const view = await opened(core, name)
  let refuse: (error: unknown) => void = () => undefined
  core.gate = () => new Promise((_, no) => { refuse = no })
  view.editor().commands.insertContentAt(5, ' lost')
  await turn()
  const since = core.events.length
  view.end()
  refuse(new Error('refused'))
  await core.heard('frozen', since)
  core.gate = null
  const again = await opened(core, name)
  assert.equal(again.handle.text(), 'kept')
  again.editor().commands.insertContentAt(5, '!')
  await again.handle.flush()
  assert.equal(core.doc(name).getXmlFragment('body').toString().includes('kept!'), true)
  again.end()
})

test('whoever waits for all lessons waits for the others too when one was refused', async () => {
  const bad = lesson([paragraph('bad')])
  const good = lesson([paragraph('good')], bad.core)
  const refused = await opened(bad.core, bad.name)
  bad.core.gate = () => Promise.reject(new Error('refused'))
  refused.editor().commands.insertContentAt(4, '!')
  await bad.core.heard('frozen')
  const view = await opened(good.core, good.name)
  let free: () => void = () => undefined
  good.core.gate = () => new Promise<void>(done => { free = done })
  view.editor().commands.insertContentAt(5, '!')
  let ended = false
  const all = flush().catch(() => undefined).finally(() => { ended = true })
  await turn()
  await new Promise(setImmediate)
  assert.equal(ended, false)
  free()
  await all
  assert.equal(hasPending(), true, 'the refused edit')
  refused.end()
  view.end()
})
