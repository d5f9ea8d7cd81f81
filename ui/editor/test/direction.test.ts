import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lesson, opened, paragraph } from './helpers.js'

test('a text follows its first letter until somebody says otherwise, and only then it is written', async () => {
  const { core, name } = lesson([paragraph('שלום'), { type: 'bulletList', content: [{ type: 'listItem', attrs: { dir: 'rtl' }, content: [paragraph('one')] }] }])
  const view = await opened(core, name)
  assert.equal(view.element.querySelector('p')?.getAttribute('dir'), 'auto')
  assert.equal(view.element.querySelector('li')?.getAttribute('dir'), 'rtl')
  view.editor().chain().setTextSelection(2).setDirection('ltr').run()
  await view.handle.flush()
  assert.equal(view.element.querySelector('p')?.getAttribute('dir'), 'ltr')
  const body = () => core.doc(name).getXmlFragment('body').toString()
  assert.match(body(), /^<paragraph dir="ltr">שלום<\/paragraph><bulletlist><listitem dir="rtl"><paragraph>one/)
  view.editor().chain().selectAll().setDirection(null).run()
  await view.handle.flush()
  assert.doesNotMatch(body(), /dir=/)
  view.end()
})

test('the key turns a text round and back, and a new paragraph goes on in the same direction', async () => {
  const { core, name } = lesson([paragraph('abc')])
  const view = await opened(core, name)
  const press = () => view.editor().view.dom.dispatchEvent(new KeyboardEvent('keydown', { key: 'X', code: 'KeyX', keyCode: 88, ctrlKey: true, shiftKey: true, bubbles: true, cancelable: true }))
  view.editor().commands.setTextSelection(4)
  press()
  assert.equal(view.editor().state.doc.firstChild?.attrs.dir, 'rtl')
  view.editor().commands.splitBlock()
  assert.equal(view.editor().state.doc.lastChild?.attrs.dir, 'rtl')
  press()
  assert.equal(view.editor().state.doc.lastChild?.attrs.dir, null)
  view.end()
})

test('a pasted direction is kept when it says something', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  view.editor().view.pasteHTML('<p>first</p><p dir="rtl">one</p><p dir="auto">two</p><p dir="evil">three</p>')
  assert.deepEqual(view.editor().state.doc.children.map(node => node.attrs.dir), [null, 'rtl', null, null])
  view.end()
})
