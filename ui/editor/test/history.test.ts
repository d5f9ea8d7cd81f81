/** What the window hears of steps, so that text and structure are undone in one order. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { seal, step } from '../src/index.js'
import { KEPT, KEPT_WRITTEN } from '../src/documents.js'
import { lesson, opened, paragraph, text } from './helpers.js'
import { Core } from './page.js'

const steps = (core: Core) => core.events.filter(event => event.name === 'step' || event.name === 'lost').map(event => event.name)

test('each step of typing is told once, undoing is not, and what follows something else is a step of its own', async () => {
  const { core, name } = lesson([paragraph('start')])
  const view = await opened(core, name)
  assert.deepEqual(steps(core), [])
  view.editor().commands.insertContentAt(6, ' a')
  view.editor().commands.insertContentAt(8, 'b')
  assert.deepEqual(steps(core), ['step'])
  seal()
  view.editor().commands.insertContentAt(9, ' c')
  assert.deepEqual(steps(core), ['step', 'step'])
  assert.deepEqual(step(name, 'undo'), { done: true, undo: 1, redo: 1 })
  assert.equal(view.handle.text(), 'start ab')
  assert.deepEqual(step(name, 'redo'), { done: true, undo: 2, redo: 0 })
  step(name, 'undo')
  assert.deepEqual(steps(core), ['step', 'step'])
  view.editor().commands.insertContentAt(9, ' d')
  assert.deepEqual(steps(core), ['step', 'step', 'step'])
  assert.deepEqual(step(name, 'undo'), { done: true, undo: 1, redo: 1 })
  view.end()
  assert.equal(step(name, 'undo'), null, 'not while nobody edits it')
})

test('a lesson that is read-only is not changed by undoing', async () => {
  const { core, name } = lesson([paragraph('start')])
  const view = await opened(core, name)
  view.editor().commands.insertContentAt(6, ' a')
  view.handle.setEditable(false)
  assert.equal(step(name, 'undo'), null)
  assert.equal(view.handle.text(), 'start a')
  view.end()
})

test('with an order of its own the window is asked, and nothing is undone behind its back', async () => {
  const { core, name } = lesson([paragraph('start')])
  const asked: string[] = []
  Object.assign(core, { history: (_lesson: string, way: string) => asked.push(way) })
  const view = await opened(core, name)
  view.editor().commands.insertContentAt(6, ' a')
  for (const [key, shiftKey] of [['z', false], ['z', true], ['y', false]] as const) {
    const event = new KeyboardEvent('keydown', { key, ctrlKey: true, shiftKey, bubbles: true, cancelable: true })
    view.editor().view.dom.dispatchEvent(event)
    assert.equal(event.defaultPrevented, true)
  }
  assert.deepEqual(asked, ['undo', 'redo', 'redo'])
  assert.equal(view.handle.text(), 'start a')
  view.end()
})

test('what was written in is kept longer than what was only read, and its end is told', async () => {
  const core = new Core()
  const first = lesson([paragraph('start')], core)
  const view = await opened(core, first.name)
  view.editor().commands.insertContentAt(6, ' more')
  await view.handle.flush()
  view.end()
  for (let i = 0; i < KEPT + 2; i += 1) (await opened(core, lesson([paragraph(text('x'))], core).name)).end()
  const again = await opened(core, first.name)
  assert.equal(step(first.name, 'undo')?.done, true)
  await again.handle.flush()
  again.end()
  for (let i = 0; i <= KEPT_WRITTEN; i += 1) {
    const other = await opened(core, lesson([paragraph('x')], core).name)
    other.editor().commands.insertContentAt(2, 'y')
    await other.handle.flush()
    other.end()
  }
  assert.equal(core.events.find(event => event.name === 'lost')?.lesson, first.name)
})
