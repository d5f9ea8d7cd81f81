import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Editor } from '@tiptap/core'
import { Y, type Json } from './page.js'
import { type Opened, lesson, opened, paragraph } from './helpers.js'
import { applyRemote } from '../src/index.js'
import { bodyOf } from '../src/binding.js'
import { moveUnits } from '../src/blocks/act.js'
import { elementOf, unitAt } from '../src/blocks/unit.js'

const item = (...content: Json[]): Json => ({ type: 'listItem', content })
const bullets = (...content: Json[]): Json => ({ type: 'bulletList', content })
const heading = (text: string, level = 2): Json => ({ type: 'heading', attrs: { level }, content: [{ type: 'text', text }] })

/** Puts the caret into the block with this text. */
function goTo(editor: Editor, text: string, offset = 1): void {
  editor.state.doc.descendants((node, pos) => {
    if (node.isTextblock && node.textContent === text) editor.commands.setTextSelection(pos + offset)
  })
}
const press = (view: Opened, key: string, more: object = {}) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  ;(document.activeElement instanceof HTMLElement && view.element.querySelector('.block-menu')?.contains(document.activeElement) === true
    ? document.activeElement : view.editor().view.dom).dispatchEvent(event)
  return event
}
const alt = { altKey: true, shiftKey: true }
const texts = (view: Opened) => view.editor().getText({ blockSeparator: '|' }).replace(/\|+/g, '|')
const said = (view: Opened) => view.element.querySelector('[role=status].visually-hidden')?.textContent
const xml = (view: Opened, core: { doc(name: string): Y.Doc }, name: string) => { void view; return core.doc(name).getXmlFragment('body').toString() }

/** Another author, with a copy of the lesson from before. */
function peer(core: { doc(name: string): Y.Doc }, name: string) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(core.doc(name)))
  return {
    body: doc.getXmlFragment('body'),
    arrive: () => applyRemote(name, Y.encodeStateAsUpdate(doc)),
  }
}

test('a block moves by the keyboard, the caret in it, in one step of the undo, and it is said', async () => {
  const { core, name } = lesson([paragraph('one'), heading('two'), paragraph('three')])
  const view = await opened(core, name)
  const editor = view.editor()
  goTo(editor, 'two', 3)
  editor.commands.insertContent('X')
  assert.ok(press(view, 'ArrowUp', alt).defaultPrevented)
  assert.equal(texts(view), 'twXo|one|three')
  assert.equal(said(view), 'Moved. 1 of 3.')
  assert.equal(editor.state.selection.$from.parent.textContent, 'twXo')
  assert.equal(editor.state.selection.$from.parentOffset, 3)
  editor.commands.insertContent('Y')
  press(view, 'ArrowUp', alt)
  assert.equal(said(view), 'It is the first one here.')
  await view.handle.flush()
  assert.equal(xml(view, core, name), '<heading level="2">twXYo</heading><paragraph>one</paragraph><paragraph>three</paragraph>')
  editor.commands.undo()
  assert.equal(texts(view), 'twXo|one|three')
  editor.commands.undo()
  assert.equal(texts(view), 'one|twXo|three')
  editor.commands.redo()
  assert.equal(texts(view), 'twXo|one|three')
  editor.commands.undo()
  editor.commands.undo()
  assert.equal(texts(view), 'one|two|three')
  await view.handle.flush()
  assert.equal(xml(view, core, name), '<paragraph>one</paragraph><heading level="2">two</heading><paragraph>three</paragraph>')
  view.end()
})

test('what others write meanwhile into the block that is passed stays in it', async () => {
  const { core, name } = lesson([paragraph('first'), paragraph('second'), paragraph('third')])
  const view = await opened(core, name)
  const other = peer(core, name)
  ;((other.body.get(1) as Y.XmlElement).get(0) as Y.XmlText).insert(6, ' and more')
  goTo(view.editor(), 'first')
  press(view, 'ArrowDown', alt)
  assert.equal(texts(view), 'second|first|third')
  other.arrive()
  assert.equal(texts(view), 'second and more|first|third')
  view.end()
})

test('a block that is being dragged is found again where others have pushed it, and one that is gone is not moved', async () => {
  const { core, name } = lesson([paragraph('first'), paragraph('second'), paragraph('third')])
  const view = await opened(core, name)
  const body = bodyOf(view.editor())
  assert.ok(body !== null)
  const second = elementOf(body, [1])
  const third = elementOf(body, [2])
  assert.ok(second !== null && third !== null)
  const other = peer(core, name)
  const added = new Y.XmlElement('paragraph')
  added.insert(0, [new Y.XmlText('new')])
  other.body.insert(0, [added])
  other.arrive()
  assert.notEqual(moveUnits(view.editor(), [second], { holder: body, before: null }), null)
  assert.equal(texts(view), 'new|first|third|second')
  other.body.delete(3, 1)
  other.arrive()
  assert.equal(moveUnits(view.editor(), [third], { holder: body, before: null }), null)
  assert.equal(texts(view), 'new|first|second')
  view.end()
})

test('items move in their list, take along what is below them, and stop at its ends', async () => {
  const { core, name } = lesson([paragraph('p'), bullets(item(paragraph('a')), item(paragraph('b'), bullets(item(paragraph('deep')))), item(paragraph('c')))])
  const view = await opened(core, name)
  goTo(view.editor(), 'b')
  press(view, 'ArrowDown', alt)
  assert.equal(texts(view), 'p|a|c|b|deep')
  press(view, 'ArrowDown', alt)
  assert.equal(said(view), 'It is the last one here.')
  goTo(view.editor(), 'deep')
  press(view, 'ArrowUp', alt)
  assert.equal(said(view), 'It is the first one here.')
  assert.equal(texts(view), 'p|a|c|b|deep')
  view.end()
})

test('several blocks that are selected move together', async () => {
  const { core, name } = lesson([paragraph('one'), paragraph('two'), paragraph('three'), paragraph('four')])
  const view = await opened(core, name)
  view.editor().commands.setTextSelection({ from: 7, to: 13 })
  press(view, 'ArrowDown', alt)
  assert.equal(texts(view), 'one|four|two|three')
  view.end()
})

test('in a callout the block of the caret moves; what holds only one moves as a whole', async () => {
  const callout = (...content: Json[]): Json => ({ type: 'callout', attrs: { kind: 'tip' }, content })
  const { core, name } = lesson([paragraph('p'), callout(paragraph('in one'), paragraph('in two')), callout(paragraph('alone'))])
  const view = await opened(core, name)
  goTo(view.editor(), 'in two')
  press(view, 'ArrowUp', alt)
  assert.equal(texts(view), 'p|in two|in one|alone')
  goTo(view.editor(), 'alone')
  press(view, 'ArrowUp', alt)
  assert.equal(texts(view), 'p|alone|in two|in one')
  view.end()
})

test('the last item of a list that is moved out takes the list along', async () => {
  const { core, name } = lesson([bullets(item(paragraph('only'))), paragraph('after')])
  const view = await opened(core, name)
  const body = bodyOf(view.editor())
  const only = body === null ? null : elementOf(body, [0, 0])
  assert.ok(body !== null && only !== null)
  moveUnits(view.editor(), [only], { holder: body, before: null })
  await view.handle.flush()
  assert.equal(xml(view, core, name), '<paragraph>after</paragraph><bulletlist><listitem><paragraph>only</paragraph></listitem></bulletlist>')
  view.end()
})

test('a unit is the block or the item, never a part of a table', async () => {
  const cell = (text: string): Json => ({ type: 'tableCell', content: [paragraph(text)] })
  const { core, name } = lesson([{ type: 'table', content: [{ type: 'tableRow', content: [cell('x')] }] }, { type: 'horizontalRule' }])
  const view = await opened(core, name)
  const { doc } = view.editor().state
  goTo(view.editor(), 'x')
  assert.equal(unitAt(view.editor().state.selection.$from, true)?.node.type.name, 'table')
  assert.equal(unitAt(doc.resolve(doc.content.size - 1))?.node.type.name, 'horizontalRule')
  view.end()
})

const menuItem = (view: Opened, label: string) => [...view.element.querySelectorAll<HTMLElement>('.block-menu .menu-item')].find(found => found.textContent?.startsWith(label))
const openMenu = (view: Opened) => press(view, '>', { keyCode: 190, ctrlKey: true, shiftKey: true })

test('the menu opens by a key, walks, closes, and gives the keyboard back', async () => {
  const { core, name } = lesson([paragraph('text'), { type: 'horizontalRule' }])
  const view = await opened(core, name)
  view.handle.focus('start')
  assert.ok(openMenu(view).defaultPrevented)
  assert.equal(document.activeElement?.getAttribute('role'), 'menuitemradio')
  assert.equal(document.activeElement?.getAttribute('aria-checked'), 'true')
  assert.ok(view.element.querySelector('p.block-chosen'))
  press(view, 'ArrowDown')
  assert.match(document.activeElement?.textContent ?? '', /^Heading 2/)
  press(view, 'd')
  assert.match(document.activeElement?.textContent ?? '', /^Duplicate/)
  press(view, 'Escape')
  assert.equal(view.element.querySelector('.block-chosen'), null)
  assert.equal(document.activeElement, view.editor().view.dom)
  assert.equal(core.pushes.length, 0)
  view.end()
})

const TURNS: [from: Json, caret: string, label: string, to: RegExp][] = [
  [paragraph('t'), 't', 'Heading 3', /^<heading level="3">t<\/heading>$/],
  [heading('t'), 't', 'Text', /^<paragraph>t<\/paragraph>$/],
  [paragraph('t'), 't', 'Bulleted list', /^<bulletlist><listitem><paragraph>t<\/paragraph><\/listitem><\/bulletlist>$/],
  [bullets(item(paragraph('t')), item(paragraph('u'))), 't', 'Numbered list', /^<orderedlist[^>]*><listitem><paragraph>t<\/paragraph><\/listitem><listitem>/],
  [bullets(item(paragraph('t'))), 't', 'Task list', /^<tasklist><taskitem[^>]*><paragraph>t<\/paragraph><\/taskitem><\/tasklist>$/],
  [bullets(item(paragraph('t'))), 't', 'Heading 2', /^<heading level="2">t<\/heading>$/],
  [paragraph('t'), 't', 'Quote', /^<blockquote><paragraph>t<\/paragraph><\/blockquote>$/],
  [{ type: 'blockquote', content: [paragraph('t'), paragraph('u')] }, 't', 'Callout', /^<callout kind="note"><paragraph>t<\/paragraph><paragraph>u<\/paragraph><\/callout>$/],
  [{ type: 'blockquote', content: [paragraph('t')] }, 't', 'Text', /^<paragraph>t<\/paragraph>$/],
  [heading('t'), 't', 'Callout', /^<callout kind="note"><heading level="2">t<\/heading><\/callout>$/],
  [{ type: 'callout', attrs: { kind: 'tip' }, content: [paragraph('t')] }, 't', 'Code block', /^<codeblock>t<\/codeblock>$/],
]
for (const [from, caret, label, to] of TURNS) {
  test(`a ${from.type} is turned into: ${label}`, async () => {
    const { core, name } = lesson([from])
    const view = await opened(core, name)
    const before = xml(view, core, name)
    goTo(view.editor(), caret)
    // The mouse takes the quote or the callout as a whole, as here.
    const handle = (view.editor().storage as unknown as { blockHandle: { handle: { openMenu(element: Y.XmlElement): void } } }).blockHandle.handle
    const body = bodyOf(view.editor())
    const unit = unitAt(view.editor().state.selection.$from)
    const element = body === null || unit === null ? null : elementOf(body, unit.path)
    assert.ok(element !== null)
    handle.openMenu(element)
    menuItem(view, label)?.click()
    await view.handle.flush()
    assert.match(xml(view, core, name), to)
    view.editor().commands.undo()
    await view.handle.flush()
    assert.equal(xml(view, core, name).replace(/ (start|type)="[^"]*"/g, ''), before)
    view.end()
  })
}

test('a block is duplicated, directed and deleted from its menu; the last one leaves a line to write on', async () => {
  const { core, name } = lesson([paragraph('only')])
  const view = await opened(core, name)
  view.handle.focus('start')
  openMenu(view)
  menuItem(view, 'Duplicate')?.click()
  openMenu(view)
  menuItem(view, 'Right to left')?.click()
  await view.handle.flush()
  assert.equal(xml(view, core, name), '<paragraph>only</paragraph><paragraph dir="rtl">only</paragraph>')
  openMenu(view)
  menuItem(view, 'Delete')?.click()
  assert.equal(texts(view), 'only')
  openMenu(view)
  menuItem(view, 'Delete')?.click()
  await view.handle.flush()
  assert.equal(xml(view, core, name), '<paragraph></paragraph>')
  view.editor().commands.undo()
  assert.equal(texts(view), 'only')
  view.end()
})

test('what was chosen from a menu whose block somebody removed meanwhile changes nothing else', async () => {
  const { core, name } = lesson([paragraph('stays'), paragraph('goes')])
  const view = await opened(core, name)
  view.handle.focus('end')
  openMenu(view)
  const other = peer(core, name)
  other.body.delete(1, 1)
  other.arrive()
  menuItem(view, 'Delete')?.click()
  assert.equal(texts(view), 'stays')
  assert.equal(said(view), 'Somebody else removed this block.')
  view.end()
})

test('the link of a heading comes to the clipboard', async () => {
  const { core, name } = lesson([heading('What is soil?')])
  const view = await opened(core, name)
  let written: unknown = null
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { write: (items: { parts: Record<string, Blob> }[]) => { written = items[0]?.parts; return Promise.resolve() } } })
  Object.defineProperty(globalThis, 'ClipboardItem', { configurable: true, value: class { constructor(readonly parts: Record<string, Blob>) {} } })
  view.handle.focus('start')
  openMenu(view)
  menuItem(view, 'Copy link')?.click()
  const { message } = await core.heard<{ message: string }>('notice')
  assert.match(message, /on the clipboard/)
  const parts = written as Record<string, Blob> | null
  assert.equal(await parts?.['text/plain']?.text(), `lesson:${name}#what-is-soil`)
  assert.equal(await parts?.['text/html']?.text(), `<a href="lesson:${name}#what-is-soil">What is soil?</a>`)
  view.end()
})

test('who may only read has no handle and cannot move anything', async () => {
  const { core, name } = lesson([paragraph('one'), paragraph('two')])
  const view = await opened(core, name, false)
  view.handle.focus('start')
  press(view, 'ArrowDown', alt)
  openMenu(view)
  assert.equal(view.element.querySelector<HTMLElement>('.block-handle:not([hidden])'), null)
  assert.equal(texts(view), 'one|two')
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('the keyboard does without the handle: it has the menu at the caret, and no stop of its own', async () => {
  const { core, name } = lesson([paragraph('one'), paragraph('two')])
  const view = await opened(core, name)
  view.handle.focus('start')
  openMenu(view)
  const handle = view.element.querySelector<HTMLElement>('.block-handle')
  assert.deepEqual([handle?.getAttribute('aria-hidden'), handle?.tabIndex], ['true', -1])
  const menu = view.element.querySelector<HTMLElement>('.block-menu')
  const key = (name: string) => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }))
  assert.equal(menu?.contains(document.activeElement), true)
  key('End')
  assert.equal(document.activeElement?.textContent, 'Delete')
  key('Enter')
  assert.equal(texts(view), 'two')
  view.end()
})
