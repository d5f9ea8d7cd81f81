import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Core, everything, fingerprint } from './page.js'
import { lesson, opened, paragraph } from './helpers.js'
import { flush } from '../src/index.js'
import { KEPT_WRITTEN } from '../src/documents.js'

for (const editable of [true, false]) {
  test(`opening, clicking around and closing a lesson for ${editable ? 'editing' : 'reading'} leaves it as it was`, async () => {
    const { core, name } = lesson(everything())
    const before = fingerprint(core.doc(name))
    const view = await opened(core, name, editable)
    assert.equal(view.mode, editable ? 'edit' : 'read')
    view.handle.focus('end')
    view.handle.focus('start')
    view.editor().commands.setTextSelection(view.editor().state.doc.content.size - 3)
    view.editor().commands.selectAll()
    view.end()
    const again = await opened(core, name, editable)
    again.end()
    await flush()
    assert.equal(fingerprint(core.doc(name)), before)
    assert.equal(core.pushes.length, 0)
    assert.equal(view.element.innerHTML, '')
  })
}

test('an empty lesson stays empty until somebody writes', async () => {
  const { core, name } = lesson([])
  const view = await opened(core, name)
  view.handle.focus('end')
  assert.equal(core.pushes.length, 0)
  view.editor().commands.insertContent('First words')
  await view.handle.flush()
  assert.equal(view.handle.text(), 'First words')
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>First words</paragraph>')
  view.end()
})

test('a reader can change nothing, whatever asks for it', async () => {
  const { core, name } = lesson([paragraph('as it is'), { type: 'taskList', content: [{ type: 'taskItem', attrs: { checked: false }, content: [paragraph('t')] }] }])
  const view = await opened(core, name, false)
  view.editor().commands.insertContent('forbidden')
  view.element.querySelector('input')?.click()
  view.editor().commands.undo()
  assert.equal(view.handle.text(), 'as it is\n\nt')
  assert.equal(core.pushes.length, 0)
  view.handle.setEditable(true)
  view.editor().commands.insertContentAt(1, 'not ')
  await view.handle.flush()
  assert.match(view.handle.text(), /^not as it is/)
  view.end()
})

test('what is typed is saved only when the core has said so', async () => {
  const { core, name } = lesson([paragraph('a')])
  const view = await opened(core, name)
  let free = () => undefined as void
  core.gate = () => new Promise(done => { free = done })
  view.editor().commands.insertContentAt(2, 'b')
  await core.heard('saving')
  assert.equal(core.events.some(event => event.name === 'saved'), false)
  free()
  await core.heard('saved')
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>ab</paragraph>')
  view.end()
})

test('HTML in a lesson is shown as text and never becomes elements', async () => {
  const { core, name } = lesson([{ type: 'htmlBlock', attrs: { html: '<script>x</script><img src=x onerror=x>' } }])
  const view = await opened(core, name)
  assert.equal(view.element.querySelectorAll('script, img[onerror]').length, 0)
  assert.match(view.element.querySelector('.html-block code')?.textContent ?? '', /^<script>x<\/script>/)
  view.end()
})

test('the undo stack of a closed lesson is there when it is opened again, and only for the last few', async () => {
  const core = new Core()
  const first = lesson([paragraph('start')], core)
  const view = await opened(core, first.name)
  view.editor().commands.insertContentAt(6, ' more')
  await view.handle.flush()
  view.end()
  const again = await opened(core, first.name)
  assert.equal(again.handle.text(), 'start more')
  assert.equal(again.editor().commands.undo(), true)
  assert.equal(again.handle.text(), 'start')
  assert.equal(again.editor().commands.redo(), true)
  await again.handle.flush()
  again.end()
  for (let i = 0; i < KEPT_WRITTEN; i += 1) {
    const other = await opened(core, lesson([paragraph('x')], core).name)
    other.editor().commands.insertContentAt(2, 'y')
    await other.handle.flush()
    other.end()
  }
  const last = await opened(core, first.name)
  assert.equal(last.handle.text(), 'start more')
  assert.equal(last.editor().commands.undo(), false)
  last.end()
})
