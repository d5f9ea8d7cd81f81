import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Editor } from '@tiptap/core'
import { Y } from './page.js'
import { type Opened, lesson, opened, paragraph } from './helpers.js'
import { applyRemote } from '../src/index.js'

/** Types as ProseMirror gets it from the webview: each letter first goes to the rules. */
function type(editor: Editor, text: string): void {
  for (const letter of text) {
    const { view } = editor
    const { from, to } = view.state.selection
    const insert = () => view.state.tr.insertText(letter, from, to)
    const handled = view.someProp('handleTextInput', rule => rule(view, from, to, letter, insert))
    if (handled !== true) view.dispatch(insert())
  }
}
const key = (editor: Editor, name: string, more: object = {}) => {
  const event = new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...more })
  editor.view.dom.dispatchEvent(event)
  return event
}
const body = (view: Opened) => view.core.doc(nameOf(view)).getXmlFragment('body').toString()
const names = new WeakMap<Opened, string>()
const nameOf = (view: Opened) => names.get(view) ?? ''

async function empty(): Promise<Opened> {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  names.set(view, name)
  view.handle.focus('start')
  return view
}

const SHORTCUTS: [typed: string, made: RegExp, back: string][] = [
  ['# ', /^<heading level="1">/, '# '],
  ['## ', /^<heading level="2">/, '## '],
  ['#### ', /^<heading level="4">/, '#### '],
  ['- ', /^<bulletlist><listitem><paragraph>/, '- '],
  ['* ', /^<bulletlist>/, '* '],
  ['+ ', /^<bulletlist>/, '+ '],
  ['1. ', /^<orderedlist[^>]*><listitem>/, '1. '],
  ['4. ', /^<orderedlist start="4"[^>]*><listitem>|^<orderedlist [^>]*start="4"/, '4. '],
  ['[ ] ', /^<tasklist><taskitem checked="false">/, '[ ] '],
  ['[x] ', /^<tasklist><taskitem checked="true">/, '[x] '],
  ['> ', /^<blockquote><paragraph>/, '> '],
  ['``` ', /^<codeblock>/, '``` '],
  ['```py ', /^<codeblock language="py">/, '```py '],
  [':::tip ', /^<callout kind="tip">/, ':::tip '],
  ['---', /<horizontalrule>/, '---'],
  ['**b**', /<bold>b<\/bold>/, '**b**'],
  ['__b__', /<bold>b<\/bold>/, '__b__'],
  ['*i*', /<italic>i<\/italic>/, '*i*'],
  ['_i_', /<italic>i<\/italic>/, '_i_'],
  ['~~s~~', /<strike>s<\/strike>/, '~~s~~'],
  ['`c`', /<code>c<\/code>/, '`c`'],
]

for (const [typed, made, back] of SHORTCUTS) {
  test(`typed ${typed.trim()}: what Markdown means, and Backspace right after gives the signs back`, async () => {
    const view = await empty()
    type(view.editor(), typed)
    await view.handle.flush()
    assert.match(body(view), made)
    key(view.editor(), 'Backspace')
    await view.handle.flush()
    // A rule without text keeps the line that it made behind it.
    assert.equal(view.editor().getText().replace(/\n+$/, ''), back)
    assert.doesNotMatch(body(view), made)
    view.end()
  })
}

test('the undo takes a shortcut back before it takes back what was typed', async () => {
  const view = await empty()
  type(view.editor(), 'x **b**')
  view.editor().commands.undo()
  assert.equal(view.editor().getText(), 'x **b**')
  view.end()
})

test('no shortcut and no menu wakes inside code', async () => {
  const { core, name } = lesson([{ type: 'codeBlock', content: [{ type: 'text', text: 'a' }] }])
  const view = await opened(core, name)
  view.handle.focus('end')
  type(view.editor(), ' ## **x** /')
  assert.equal(view.editor().getText(), 'a ## **x** /')
  assert.equal(view.element.querySelector<HTMLElement>('.slash-menu:not([hidden])'), null)
  view.end()
})

/** What an input method does: it changes the page itself, and ProseMirror reads it there. */
function compose(editor: Editor, text: string): Text {
  const { view } = editor
  const { node, offset } = view.domAtPos(view.state.selection.from)
  const holder = (node.nodeType === 3 ? node : node.childNodes[offset - 1]) as Text
  const at = node.nodeType === 3 ? offset : holder.data.length
  const selection = document.getSelection()
  selection?.collapse(holder, at)
  view.dom.dispatchEvent(Object.assign(new Event('compositionstart', { bubbles: true }), { data: '' }))
  holder.insertData(at, text)
  selection?.collapse(holder, at + text.length)
  view.dom.dispatchEvent(Object.assign(new Event('compositionupdate', { bubbles: true }), { data: text }))
  return holder
}
const settle = () => new Promise(done => setTimeout(done, 60))

test('a word that is being composed is left alone by the edits of others, and both are there in the end', async () => {
  const { core, name } = lesson([paragraph('hello '), paragraph('other')])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.commands.setTextSelection(7)
  editor.view.dom.focus()
  const held = compose(editor, 'にほ')
  await settle()
  assert.equal(editor.view.composing, true)
  const peer = new Y.Doc()
  Y.applyUpdate(peer, Y.encodeStateAsUpdate(core.doc(name)))
  const blocks = peer.getXmlFragment('body')
  ;((blocks.get(1) as Y.XmlElement).get(0) as Y.XmlText).insert(5, ' author')
  const added = new Y.XmlElement('paragraph')
  added.insert(0, [new Y.XmlText('first')])
  blocks.insert(0, [added])
  applyRemote(name, Y.encodeStateAsUpdate(peer))
  // The very text that the input method writes in must stay, or the composition is broken off.
  assert.equal(held.isConnected, true)
  assert.equal(held.data, 'hello にほ')
  held.insertData(held.length, 'ん')
  document.getSelection()?.collapse(held, held.length)
  editor.view.dom.dispatchEvent(Object.assign(new Event('compositionend', { bubbles: true }), { data: 'にほん' }))
  await new Promise(done => setTimeout(done, 150))
  await view.handle.flush()
  assert.match(editor.getText(), /^first\s+hello にほん\s+other author$/)
  // Our core has only what was pushed to it; the peer brings the rest.
  Y.applyUpdate(core.doc(name), Y.encodeStateAsUpdate(peer))
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>first</paragraph><paragraph>hello にほん</paragraph><paragraph>other author</paragraph>')
  view.end()
})

test('keys that belong to the input method neither move blocks nor open menus, and its signs wake no shortcut', async () => {
  const { core, name } = lesson([paragraph('a'), paragraph('#')])
  const view = await opened(core, name)
  const editor = view.editor()
  view.handle.focus('end')
  const held = compose(editor, ' ')
  await settle()
  for (const [name, more] of [['ArrowUp', { altKey: true, shiftKey: true }], ['f', { ctrlKey: true, keyCode: 70 }], ['>', { ctrlKey: true, shiftKey: true, keyCode: 190 }]] as const) {
    key(editor, name, { ...more, isComposing: true })
  }
  assert.equal(view.element.querySelector<HTMLElement>('.find-bar:not([hidden]), .block-menu:not([hidden])'), null)
  assert.equal(editor.state.doc.lastChild?.type.name, 'paragraph')
  assert.equal(editor.state.doc.lastChild?.textContent, '# ')
  void held
  view.end()
})

test('formatting is cleared, links are kept; what is selected is counted', async () => {
  const { core, name } = lesson([paragraph({ type: 'text', text: 'three bold words', marks: [{ type: 'bold' }, { type: 'link', attrs: { href: 'https://e.org' } }] })])
  const view = await opened(core, name)
  view.handle.focus('start')
  view.editor().commands.selectAll()
  await new Promise(done => setTimeout(done, 260))
  assert.equal(view.element.querySelector('[data-testid=selection-count]')?.textContent, '3 words')
  assert.ok(key(view.editor(), '|', { keyCode: 220, ctrlKey: true, shiftKey: true }).defaultPrevented)
  assert.deepEqual(view.editor().state.doc.firstChild?.firstChild?.marks.map(mark => mark.type.name), ['link'])
  view.end()
})

test('the text says its language: that of the course, else that of the window', async () => {
  const { core, name } = lesson([paragraph('x')])
  document.documentElement.lang = 'da'
  const view = await opened(core, name)
  assert.equal(view.element.querySelector('.prose')?.getAttribute('lang'), 'da')
  view.end()
})
