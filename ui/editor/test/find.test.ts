import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Editor } from '@tiptap/core'
import { Y, type Json } from './page.js'
import { lesson, opened, paragraph, text } from './helpers.js'
import { applyRemote } from '../src/index.js'
import { BadExpression, matcherOf, replacementOf, type Query } from '../src/find/query.js'

const query = (text: string, more: Partial<Query> = {}): Query => ({ text, matchCase: false, wholeWord: false, regexp: false, ...more })
const hits = async (wanted: Query, text: string) => (await matcherOf(wanted))(text).map(hit => text.slice(hit.from, hit.to))

/** What the bar says after its work. */
const settled = () => new Promise(done => setTimeout(done, 30))

function bar(element: HTMLElement) {
  const at = <T extends HTMLElement>(name: string) => element.querySelector<T>(`[data-testid=${name}]`) as T
  const press = (target: HTMLElement, key: string, more: object = {}) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
    target.dispatchEvent(event)
    return event
  }
  return {
    root: at('find-bar'), count: () => at('find-count').textContent, trouble: () => at('find-trouble'),
    field: at<HTMLInputElement>('find-field'), other: at<HTMLInputElement>('replace-field'),
    press,
    type: async (value: string) => {
      const field = at<HTMLInputElement>('find-field')
      field.value = value
      field.dispatchEvent(new Event('input', { bubbles: true }))
      await settled()
    },
    choose: async (label: string) => {
      element.querySelector<HTMLButtonElement>(`.find-bar [aria-label="${label}"]`)?.click()
      await settled()
    },
    click: (name: string) => at(name).click(),
  }
}
const modF = (editor: Editor) => editor.view.dom.dispatchEvent(new KeyboardEvent('keydown', { key: 'f', keyCode: 70, ctrlKey: true, bubbles: true, cancelable: true }))
const here = (element: HTMLElement) => element.querySelector('.found-here')?.textContent

test('a query finds by case, by whole words, and letters that change their length in lower case', async () => {
  assert.deepEqual(await hits(query('cat'), 'Cat cats concat'), ['Cat', 'cat', 'cat'])
  assert.deepEqual(await hits(query('cat', { matchCase: true }), 'Cat cats'), ['cat'])
  assert.deepEqual(await hits(query('cat', { wholeWord: true }), 'Cat cats, cat_1 (cat) écat'), ['Cat', 'cat'])
  assert.deepEqual(await hits(query('b'), 'İİb'), ['b'])
  assert.deepEqual(await hits(query('a.b'), 'a.b axb'), ['a.b'])
  assert.deepEqual(await hits(query('x', { wholeWord: true }), '😀x😀'), ['x'])
})

test('an expression finds, and one that would take for ever does not', async () => {
  assert.deepEqual(await hits(query('c(a|o)t', { regexp: true }), 'Cat cot cut'), ['Cat', 'cot'])
  assert.deepEqual(await hits(query('x*', { regexp: true }), 'axxb'), ['xx'])
  assert.deepEqual(await hits(query('(a+)+$', { regexp: true, matchCase: true }), `${'a'.repeat(30_000)}!`), [])
  assert.deepEqual(await hits(query('(a|aa)+b', { regexp: true }), 'a'.repeat(5000)), [])
  await assert.rejects(async () => matcherOf(query('(a', { regexp: true })), BadExpression)
  await assert.rejects(async () => matcherOf(query('(?=a)b', { regexp: true })), BadExpression)
})

test('a replacement may take over what the groups held', async () => {
  const [hit] = (await matcherOf(query('(\\w+) (\\w+)', { regexp: true })))('left right')
  assert.ok(hit !== undefined)
  assert.equal(replacementOf(hit, '$2, $1 $$ $& $7', true), 'right, left $ left right $7')
  assert.equal(replacementOf(hit, '$1', false), '$1')
})

test('the bar opens with what is selected, counts, goes round, and Escape returns to the place', async () => {
  const { core, name } = lesson([paragraph('One fish, two fish'), paragraph('red fish')])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.commands.setTextSelection({ from: 15, to: 19 })
  modF(editor)
  await settled()
  const find = bar(view.element)
  assert.equal(find.root.hidden, false)
  assert.equal(document.activeElement, find.field)
  assert.equal(find.field.value, 'fish')
  assert.equal(find.count(), '2 of 3')
  find.press(find.field, 'Enter')
  assert.equal(find.count(), '3 of 3')
  find.press(find.field, 'F3')
  assert.equal(find.count(), '1 of 3')
  find.press(find.field, 'Enter', { shiftKey: true })
  assert.equal(find.count(), '3 of 3')
  assert.equal(view.element.querySelectorAll('.found').length, 3)
  await find.type('nothing such')
  assert.equal(find.count(), 'Not found')
  assert.ok(find.press(find.field, 'Escape').defaultPrevented)
  assert.equal(find.root.hidden, true)
  assert.equal(view.element.querySelectorAll('.found').length, 0)
  assert.deepEqual([editor.state.selection.from, editor.state.selection.to], [15, 19])
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('a wrong expression is said in words, and choices can be made', async () => {
  const { core, name } = lesson([paragraph('Ink ink inkhorn')])
  const view = await opened(core, name)
  view.handle.find('ink')
  await settled()
  const find = bar(view.element)
  assert.equal(find.count(), '1 of 3')
  await find.choose('Match case')
  assert.equal(find.count(), '1 of 2')
  await find.choose('Whole words')
  assert.equal(find.count(), '1 of 1')
  await find.choose('Regular expression')
  await find.type('ink(')
  assert.match(find.trouble().textContent ?? '', /cannot be read: .*\).*Put \\ before/)
  assert.equal(find.trouble().hidden, false)
  assert.equal(find.field.getAttribute('aria-invalid'), 'true')
  await find.type('ink|horn')
  assert.equal(find.trouble().hidden, true)
  view.end()
})

test('replacing keeps marks, is one step of the undo, and leaves formulas and breaks alone', async () => {
  const br: Json = { type: 'hardBreak' }
  const { core, name } = lesson([paragraph(text('my '), text('colour', 'bold'), text(' and colour')), paragraph('x', br, 'colour')])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.commands.insertContentAt(1, 'typed ')
  view.handle.find('colour')
  await settled()
  const find = bar(view.element)
  find.other.value = 'color'
  find.press(find.other, 'Enter')
  assert.equal(find.count(), '1 of 2')
  find.click('replace-all')
  assert.equal(find.count(), '2 replaced.')
  await view.handle.flush()
  assert.equal(core.doc(name).getXmlFragment('body').toString(),
    '<paragraph>typed my <bold>color</bold> and color</paragraph><paragraph>x<hardbreak></hardbreak>color</paragraph>')
  editor.commands.undo()
  assert.match(editor.getText(), /typed my color and colour/)
  editor.commands.undo()
  assert.match(editor.getText(), /typed my colour and colour/)
  editor.commands.undo()
  assert.match(editor.getText(), /^my colour and colour/)
  view.end()
})

test('groups, breaks and hundreds of places are replaced at once', async () => {
  const { core, name } = lesson([...Array.from({ length: 300 }, () => paragraph('key: value')), paragraph('a', { type: 'hardBreak' }, 'b')])
  const view = await opened(core, name)
  view.handle.find('(\\w+): (\\w+)')
  const find = bar(view.element)
  await find.choose('Regular expression')
  assert.equal(find.count(), '1 of 300')
  find.other.value = '$2 = $1'
  find.press(find.other, 'Enter', { ctrlKey: true })
  assert.equal(view.editor().state.doc.firstChild?.textContent, 'value = key')
  assert.equal(find.count(), '300 replaced.')
  await find.type('a\\nb')
  assert.equal(find.count(), '1 of 1')
  find.other.value = 'b$&'
  find.click('replace-one')
  await view.handle.flush()
  assert.match(core.doc(name).getXmlFragment('body').toString(), /<paragraph>ba<hardbreak><\/hardbreak>b<\/paragraph>$/)
  view.end()
})

test('what others write while one looks is found too, and the place is kept', async () => {
  const { core, name } = lesson([paragraph('fish one'), paragraph('fish two'), paragraph('here')])
  const view = await opened(core, name)
  view.editor().commands.setTextSelection(view.editor().state.doc.content.size - 2)
  view.handle.find('fish')
  await settled()
  const find = bar(view.element)
  find.press(find.field, 'Enter')
  assert.equal(find.count(), '2 of 2')
  const doc = core.doc(name)
  const before = Y.encodeStateVector(doc)
  const added = new Y.XmlElement('paragraph')
  added.insert(0, [new Y.XmlText('more fish')])
  doc.getXmlFragment('body').insert(0, [added])
  applyRemote(name, Y.encodeStateAsUpdate(doc, before))
  assert.equal(find.count(), '3 of 3')
  assert.equal(here(view.element), 'fish')
  find.press(find.field, 'Escape')
  assert.equal(view.editor().state.selection.$from.parent.textContent, 'here')
  assert.equal(view.editor().state.selection.$from.parentOffset, 3)
  view.end()
})

test('a word that is being composed is not looked for until it is done', async () => {
  const { core, name } = lesson([paragraph('日本語')])
  const view = await opened(core, name)
  view.handle.find()
  const find = bar(view.element)
  find.field.value = '日'
  find.field.dispatchEvent(Object.assign(new Event('input', { bubbles: true }), { isComposing: true }))
  await settled()
  assert.equal(find.count(), '')
  find.press(find.field, 'Enter', { isComposing: true })
  find.press(find.field, 'Escape', { keyCode: 229 })
  assert.equal(find.root.hidden, false)
  find.field.dispatchEvent(new Event('compositionend', { bubbles: true }))
  await settled()
  assert.equal(find.count(), '1 of 1')
  view.end()
})

test('who may only read can find, and is offered no replacing', async () => {
  const { core, name } = lesson([paragraph('read me'), paragraph('me')])
  const view = await opened(core, name, false)
  view.handle.find('me')
  await settled()
  const find = bar(view.element)
  assert.equal(find.count(), '1 of 2')
  assert.equal(view.element.querySelector<HTMLElement>('.find-bar [aria-label="Replace"]')?.hidden, true)
  find.click('replace-all')
  assert.equal(core.pushes.length, 0)
  view.end()
})

const figure: Json = { type: 'image', attrs: { src: null, alt: 'A river in spring', caption: 'The river, and the river again' } }
const formula = (latex: string): Json => ({ type: 'inlineMath', attrs: { latex } })

test('captions, descriptions, titles of callouts, footnotes and formulas are found where they stand', async () => {
  const { core, name } = lesson([
    { type: 'callout', attrs: { kind: 'tip', title: 'At the river' }, content: [paragraph('dry')] },
    figure,
    paragraph('a river ', formula('river_1 = river_2'), ' and ', { type: 'footnote', attrs: { text: 'Of the river.' } }, ' the river'),
    { type: 'blockMath', attrs: { latex: 'river' } },
  ])
  const view = await opened(core, name)
  view.handle.find('river')
  await settled()
  const find = bar(view.element)
  // From the caret on, which stands in the first text.
  assert.equal(find.count(), '2 of 9')
  find.press(find.field, 'Enter', { shiftKey: true })
  const seen: string[] = []
  for (let at = 0; at < 9; at += 1) {
    const block = view.element.querySelector<HTMLElement>('.found-block-here')
    seen.push(block === null ? `text ${here(view.element)}` : `${block.className.split(' ')[0]} ${block.dataset.found}`)
    find.press(find.field, 'Enter')
  }
  assert.deepEqual(seen, [
    'callout title', 'image alt', 'image caption', 'image caption',
    'text river', 'formula latex', 'footnote text', 'text river', 'formula latex',
  ])
  assert.equal(find.count(), '1 of 9')
  view.end()
})

test('what stands in a field is replaced there one by one and at once, and a formula never', async () => {
  const { core, name } = lesson([figure, paragraph('a river ', formula('river_1')), { type: 'blockMath', attrs: { latex: 'river' } }])
  const view = await opened(core, name)
  const editor = view.editor()
  view.handle.find('river')
  await settled()
  const find = bar(view.element)
  assert.equal(find.count(), '4 of 6')
  for (let at = 0; at < 3; at += 1) find.press(find.field, 'Enter')
  assert.equal(find.count(), '1 of 6')
  find.press(find.field, 'Enter')
  find.other.value = 'river bed'
  find.press(find.other, 'Enter')
  // The next one, and not what was just written.
  assert.equal(find.count(), '3 of 6')
  assert.equal(editor.state.doc.firstChild?.attrs.caption, 'The river bed, and the river again')
  find.other.value = 'stream'
  find.click('replace-all')
  assert.equal(find.count(), '4 replaced. 2 left: a formula or the like is in the way.')
  assert.equal(editor.state.doc.firstChild?.attrs.alt, 'A stream in spring')
  assert.equal(editor.state.doc.firstChild?.attrs.caption, 'The stream bed, and the stream again')
  assert.equal(editor.state.doc.child(1).child(1).attrs.latex, 'river_1')
  editor.commands.undo()
  assert.equal(editor.state.doc.firstChild?.attrs.alt, 'A river in spring')
  assert.equal(editor.state.doc.firstChild?.attrs.caption, 'The river bed, and the river again')
  await view.handle.flush()
  assert.match(core.doc(name).getXmlFragment('body').toString(), /caption="The river bed, and the river again"/)
  // What is emptied is none.
  find.other.value = ''
  await find.type('A river in spring')
  find.click('replace-one')
  assert.equal(editor.state.doc.firstChild?.attrs.alt, null)
  view.end()
})
