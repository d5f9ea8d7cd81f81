import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Editor } from '@tiptap/core'
import { NodeSelection } from '@tiptap/pm/state'
import { lesson, opened, paragraph, text, type Opened } from './helpers.js'
import type { Json } from './page.js'
import { languageOf, languagesLoaded } from '../src/code/highlight.js'
import { katexLoaded } from '../src/katex.js'
import { looksLikeFormula } from '../src/nodes/math.js'
import { findBlocks } from '../src/tools/slash.js'

const xml = (view: Opened, name: string) => view.core.doc(name).getXmlFragment('body').toString()
const wait = (ms: number) => new Promise(done => setTimeout(done, ms))

/** Types as a keyboard does: rules and handlers see each key. */
function type(editor: Editor, typed: string): void {
  for (const letter of typed) {
    const { view } = editor
    const { from, to } = view.state.selection
    const insert = () => view.state.tr.insertText(letter, from, to)
    if (view.someProp('handleTextInput', handle => handle(view, from, to, letter, insert)) !== true) view.dispatch(insert())
  }
}

const CODES: Record<string, number> = { Enter: 13, Escape: 27, ArrowRight: 39, Backspace: 8, Delete: 46 }

/** Presses a key in the text; whether the editor took it. */
function press(editor: Editor, key: string): boolean {
  const event = new KeyboardEvent('keydown', { key, keyCode: CODES[key] ?? 0, bubbles: true, cancelable: true })
  editor.view.dom.dispatchEvent(event)
  return event.defaultPrevented
}

/** The whole lesson as the core has it, after `act`. */
async function after(blocks: Json[], act: (view: Opened) => void | Promise<void>): Promise<string> {
  const { core, name } = lesson(blocks)
  const view = await opened(core, name)
  view.editor().view.focus()
  await act(view)
  await view.handle.flush()
  const result = xml(view, name)
  view.end()
  return result
}

const details = (summary: string, ...content: Json[]): Json => ({ type: 'details', content: [
  { type: 'detailsSummary', content: summary === '' ? [] : [text(summary)] }, { type: 'detailsContent', content },
] })
const columns = (...content: string[]): Json => ({ type: 'columns', content: content.map(word => ({ type: 'column', content: [paragraph(...(word === '' ? [] : [word]))] })) })

test('every kind of block is found by its name', () => {
  for (const name of ['Heading 4', 'Objective', 'Key point', 'Example', 'Instructor note', 'Details', 'Two columns', 'Three columns', 'Formula', 'Footnote', 'Divider', 'Task list']) {
    assert.equal(findBlocks(name)[0], name)
  }
  assert.ok(findBlocks('latex').length === 2)
})

test('a callout has the look of its kind, and a kind of several words is said in words', async () => {
  const { core, name } = lesson([{ type: 'callout', attrs: { kind: 'key-point' }, content: [paragraph('x')] }])
  const view = await opened(core, name)
  const box = view.element.querySelector<HTMLElement>('.callout')
  assert.equal(box?.dataset.look, 'key-point')
  assert.equal(box?.getAttribute('aria-label'), 'Key point')
  view.end()
})

test('three colons and a name make a block', async () => {
  assert.match(await after([paragraph()], view => type(view.editor(), ':::key-point x')), /^<callout kind="key-point"><paragraph>x<\/paragraph><\/callout>$/)
  assert.match(await after([paragraph()], view => type(view.editor(), ':::details Why')), /^<details><detailsSummary>Why<\/detailsSummary><detailsContent><paragraph><\/paragraph><\/detailsContent><\/details>$/i)
  assert.match(await after([paragraph()], view => type(view.editor(), ':::instructor x')), /^<instructorNote><paragraph>x<\/paragraph><\/instructorNote>$/i)
  assert.match(await after([paragraph()], view => type(view.editor(), ':::columns x')), /^<columns><column><paragraph>x<\/paragraph><\/column><column><paragraph><\/paragraph><\/column><\/columns>$/i)
})

test('details are closed at first, opened by their button without a trace, and by the caret', async () => {
  const { core, name } = lesson([paragraph('a'), details('Why', paragraph('because'))])
  const view = await opened(core, name)
  const box = view.element.querySelector('.details')
  const toggle = view.element.querySelector<HTMLButtonElement>('.details-toggle')
  assert.equal(box?.hasAttribute('data-open'), false)
  toggle?.click()
  assert.equal(box?.hasAttribute('data-open'), true)
  assert.equal(toggle?.getAttribute('aria-expanded'), 'true')
  toggle?.click()
  assert.equal(box?.hasAttribute('data-open'), false)
  view.editor().commands.setTextSelection(13)
  assert.equal(view.editor().state.selection.$from.parent.textContent, 'because')
  assert.equal(box?.hasAttribute('data-open'), true)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('what is found in closed details is shown', async () => {
  const { core, name } = lesson([paragraph('a'), details('Why', { type: 'blockquote', content: [details('And why', paragraph('because'))] })])
  const view = await opened(core, name)
  view.handle.find('because')
  await wait(300)
  assert.equal(view.element.querySelectorAll('.details[data-open]').length, 2)
  view.end()
})

test('a reader opens details too', async () => {
  const { core, name } = lesson([details('Why', paragraph('because'))])
  const view = await opened(core, name, false)
  view.element.querySelector<HTMLButtonElement>('.details-toggle')?.click()
  assert.equal(view.element.querySelector('.details')?.hasAttribute('data-open'), true)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('Enter leads from a summary into its content, and from an empty last paragraph out', async () => {
  const result = await after([details('Why', paragraph('because'))], view => {
    const editor = view.editor()
    editor.commands.setTextSelection(5)
    assert.ok(press(editor, 'Enter'))
    type(editor, 'first')
    editor.commands.setTextSelection(editor.state.doc.content.size - 3)
    press(editor, 'Enter')
    press(editor, 'Enter')
    type(editor, 'outside')
  })
  assert.match(result, /^<details><detailsSummary>Why<\/detailsSummary><detailsContent><paragraph>first<\/paragraph><paragraph>because<\/paragraph><\/detailsContent><\/details><paragraph>outside<\/paragraph>$/i)
})

test('Backspace at the edges of details joins nothing across them', async () => {
  const source = [paragraph('before'), details('Why', paragraph('because'))]
  const same = await after(source, view => {
    view.editor().commands.setTextSelection(16)
    assert.equal(view.editor().state.selection.$from.parent.textContent, 'because')
    assert.equal(view.editor().state.selection.$from.parentOffset, 0)
    assert.ok(press(view.editor(), 'Backspace'))
    assert.equal(view.editor().state.selection.$from.parent.textContent, 'Why')
    assert.ok(press(view.editor(), 'Delete'))
  })
  assert.match(same, /<detailsSummary>Why<\/detailsSummary><detailsContent><paragraph>because/i)
  const plain = await after(source, view => {
    view.editor().commands.setTextSelection(10)
    assert.ok(press(view.editor(), 'Backspace'))
  })
  assert.equal(plain, '<paragraph>before</paragraph><paragraph>Why</paragraph><paragraph>because</paragraph>')
})

test('Backspace at the start of a heading in details or of code in a column joins nothing either', async () => {
  const heading = await after([details('Why', { type: 'heading', attrs: { level: 2 }, content: [text('H')] })], view => {
    view.editor().commands.setTextSelection(8)
    assert.equal(view.editor().state.selection.$from.parent.textContent, 'H')
    assert.ok(press(view.editor(), 'Backspace'))
  })
  assert.match(heading, /Why<\/detailsSummary><detailsContent><paragraph>H<\/paragraph>/i)
  const code: Json = { type: 'codeBlock', content: [text('c')] }
  const source: Json[] = [{ type: 'columns', content: [{ type: 'column', content: [paragraph('a')] }, { type: 'column', content: [code] }] }]
  const same = await after(source, view => {
    view.editor().commands.setTextSelection(8)
    assert.equal(view.editor().state.selection.$from.parent.textContent, 'c')
    assert.ok(press(view.editor(), 'Backspace'))
    assert.equal(view.editor().state.selection.$from.parent.textContent, 'a')
  })
  assert.match(same, /<paragraph>a<\/paragraph><\/column><column><codeBlock>c<\/codeBlock>/i)
})

test('several paragraphs pasted into a summary lose no word and leave details whole', async () => {
  const result = await after([details('Why', paragraph('because'))], view => {
    view.editor().commands.setTextSelection(5)
    view.editor().view.pasteHTML('<p>one</p><ul><li>two</li></ul><p>three</p>')
  })
  for (const word of ['Why', 'one', 'two', 'three', 'because']) assert.ok(result.includes(word), `${word} in ${result}`)
  assert.equal(result.split('<detailsSummary').length + result.split('<detailssummary').length - 2, result.split(/<details>/).length - 1)
})

test('details that lost a part between two authors are made whole when somebody writes', async () => {
  const broken: Json[] = [
    { type: 'details', content: [] },
    { type: 'details', content: [{ type: 'detailsSummary', content: [text('a')] }, { type: 'detailsSummary', content: [text('b')] }, { type: 'detailsContent', content: [] }] },
    { type: 'columns', content: [] },
    { type: 'columns', content: [{ type: 'column', content: [] }] },
    paragraph('x'),
  ]
  const result = await after(broken, view => { view.editor().commands.insertContentAt(view.editor().state.doc.content.size - 1, 'y') })
  const empty = '<detailsContent><paragraph></paragraph></detailsContent>'
  assert.equal(result.toLowerCase(), [
    `<details><detailsSummary></detailsSummary>${empty}</details>`,
    '<details><detailsSummary>a</detailsSummary><detailsContent><paragraph>b</paragraph></detailsContent></details>',
    '<columns><column><paragraph></paragraph></column></columns>',
    '<paragraph>xy</paragraph>',
  ].join('').toLowerCase())
})

test('columns are added up to three, removed, and taken away without losing their content', async () => {
  const result = await after([columns('one', 'two')], view => {
    const editor = view.editor()
    editor.commands.setTextSelection(4)
    assert.equal(editor.commands.addColumn(), true)
    type(editor, 'new')
    assert.equal(editor.commands.addColumn(), false)
    assert.equal(editor.state.doc.firstChild?.childCount, 3)
    editor.commands.removeColumn()
    assert.equal(editor.state.doc.firstChild?.childCount, 2)
    editor.commands.unsetColumns()
  })
  assert.equal(result, '<paragraph>one</paragraph><paragraph>two</paragraph>')
})

test('Backspace in an empty column removes it; the words of the other stay', async () => {
  const result = await after([columns('one', '')], view => {
    view.editor().commands.setTextSelection(10)
    assert.ok(press(view.editor(), 'Backspace'))
  })
  assert.equal(result, '<paragraph>one</paragraph>')
})

test('dollars make formulas, money does not', async () => {
  assert.match(await after([paragraph('area ')], view => { view.editor().commands.focus('end'); type(view.editor(), '$\\pi r^2$ yes') }),
    /^<paragraph>area <inlineMath latex="\\pi r\^2"><\/inlineMath> yes<\/paragraph>$/i)
  assert.match(await after([paragraph()], view => type(view.editor(), '$$x+y$$')), /^<blockMath latex="x\+y"><\/blockMath><paragraph><\/paragraph>$/i)
  const money = await after([paragraph()], view => type(view.editor(), '$5 and $10, US$3, 4$, $5-$6'))
  assert.equal(money, '<paragraph>$5 and $10, US$3, 4$, $5-$6</paragraph>')
  for (const yes of ['x', 'a_1', '\\frac12', '2x+1', 'E=mc^2']) assert.ok(looksLikeFormula(yes), yes)
  for (const no of ['5', '5-', '5 or ', ' x', '', '1,000.00', '5 per hour']) assert.ok(!looksLikeFormula(no), no)
})

test('undo gives back the characters that became a formula', async () => {
  const result = await after([paragraph()], view => {
    type(view.editor(), '$x$')
    view.editor().commands.undo()
  })
  assert.equal(result, '<paragraph>$x$</paragraph>')
})

test('a formula is drawn with its source for screen readers, and a wrong one is shown as it was typed', async () => {
  await katexLoaded()
  const { core, name } = lesson([
    paragraph('a ', { type: 'inlineMath', attrs: { latex: 'x^2' } }), { type: 'blockMath', attrs: { latex: '\\frac{' } },
  ])
  const view = await opened(core, name)
  assert.equal(view.element.querySelector('.formula annotation')?.textContent, 'x^2')
  assert.match(view.element.querySelector('.block-formula')?.textContent ?? '', /\\frac\{/)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('hostile formulas neither lead out nor grow without end', async () => {
  await katexLoaded()
  const hostile = [
    '\\href{javascript:alert(1)}{x}', '\\url{https://e.org}', '\\includegraphics{https://e.org/x.png}', '\\htmlData{a=b}{x}', '\\htmlStyle{position:fixed}{x}',
    '\\def\\a{\\a\\a}\\a', '\\rule{999999em}{999999em}', '{'.repeat(5000) + '}'.repeat(5000), 'x'.repeat(200_000), '<img src=x onerror=alert(1)>', '\\text{<script>alert(1)</script>}',
  ]
  const { core, name } = lesson(hostile.map(latex => ({ type: 'blockMath', attrs: { latex } })))
  // A formula that grew without end would never come back.
  const view = await opened(core, name)
  assert.equal(view.element.querySelectorAll('a, img, script, [onerror], [data-a]').length, 0)
  const styles = [...view.element.querySelectorAll('[style]')].map(element => element.getAttribute('style') ?? '')
  assert.deepEqual(styles.filter(style => /(^|[^.\d])\d{3,}em|fixed/.test(style)), [])
  assert.equal(view.mode, 'edit')
  view.end()
})

test('a formula is edited in a field that Enter opens, and the caret comes back behind it', async () => {
  const result = await after([paragraph('a ', { type: 'inlineMath', attrs: { latex: 'x' } }, ' b')], view => {
    const editor = view.editor()
    editor.commands.setTextSelection(3)
    assert.ok(press(editor, 'ArrowRight'))
    assert.ok(editor.state.selection instanceof NodeSelection)
    assert.ok(press(editor, 'Enter'))
    const field = view.element.querySelector<HTMLTextAreaElement>('.atom-field:not([hidden]) textarea')
    assert.equal(document.activeElement, field)
    assert.equal(field?.value, 'x')
    field!.value = 'x^2'
    field!.dispatchEvent(new Event('input', { bubbles: true }))
    field!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
    assert.equal(view.element.querySelector('.atom-field:not([hidden])'), null)
    type(editor, '!')
  })
  assert.match(result, /^<paragraph>a <inlineMath latex="x\^2"><\/inlineMath>! b<\/paragraph>$/i)
})

test('what is typed into the field is written before the window closes', async () => {
  const result = await after([{ type: 'blockMath', attrs: { latex: 'x' } }], view => {
    view.editor().commands.setNodeSelection(0)
    press(view.editor(), 'Enter')
    const field = view.element.querySelector('textarea')
    field!.value = 'xyz'
    field!.dispatchEvent(new Event('input', { bubbles: true }))
  })
  assert.match(result, /latex="xyz"/)
})

test('a footnote that stays empty goes away again', async () => {
  const result = await after([paragraph('a')], view => {
    view.editor().commands.focus('end')
    view.editor().commands.insertFootnote('')
    press(view.editor(), 'Enter')
    const field = view.element.querySelector('textarea')
    assert.equal(document.activeElement, field)
    field?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
  })
  assert.equal(result, '<paragraph>a</paragraph>')
})

test('a field whose node somebody else removed closes, and writes nothing', async () => {
  const { core, name } = lesson([paragraph('a', { type: 'footnote', attrs: { text: 'x' } })])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.view.focus()
  editor.commands.setNodeSelection(2)
  press(editor, 'Enter')
  editor.view.dispatch(editor.state.tr.delete(2, 3))
  assert.equal(view.element.querySelector('.atom-field:not([hidden])'), null)
  await view.handle.flush()
  assert.equal(xml(view, name), '<paragraph>a</paragraph>')
  view.end()
})

test('footnotes are numbered by their places and listed below the lesson', async () => {
  const note = (words: string): Json => ({ type: 'footnote', attrs: { text: words } })
  const { core, name } = lesson([paragraph('a', note('first')), details('Why', paragraph('b', note('second')))])
  const view = await opened(core, name)
  const editor = view.editor()
  const marks = () => [...view.element.querySelectorAll('.footnote')].map(mark => `${mark.textContent} ${mark.getAttribute('aria-label')}`)
  const list = () => [...view.element.querySelectorAll('.footnotes li')].map(item => item.textContent)
  assert.deepEqual(marks(), ['1 Footnote 1: first', '2 Footnote 2: second'])
  assert.deepEqual(list(), ['1first', '2second'])
  editor.chain().insertContentAt(0, { type: 'paragraph', content: [text('new'), note('zeroth')] }).run()
  assert.deepEqual(marks(), ['1 Footnote 1: zeroth', '2 Footnote 2: first', '3 Footnote 3: second'])
  // Cut in two, a paragraph is drawn anew: its marks keep their numbers.
  editor.commands.setTextSelection(2)
  editor.commands.splitBlock()
  assert.equal(marks()[0], '1 Footnote 1: zeroth')
  view.element.querySelectorAll<HTMLButtonElement>('.footnote-back')[2]?.click()
  assert.equal(editor.state.selection instanceof NodeSelection && String(editor.state.selection.node.attrs.text), 'second')
  assert.equal(view.element.querySelector('.details')?.hasAttribute('data-open'), true)
  editor.commands.clearContent()
  assert.deepEqual(list(), [])
  assert.equal(view.element.querySelector<HTMLElement>('.footnotes')?.hidden, true)
  view.end()
  assert.equal(view.element.innerHTML, '')
})

test('marks over a formula and a footnote change the words around them and lose neither', async () => {
  const { core, name } = lesson([paragraph('a ', { type: 'inlineMath', attrs: { latex: 'x' } }, ' b', { type: 'footnote', attrs: { text: 'n' } })])
  const view = await opened(core, name)
  view.editor().chain().selectAll().toggleMark('bold').setMark('link', { href: 'https://e.org' }).run()
  view.editor().commands.insertContentAt(1, 'c')
  await view.handle.flush()
  const content = xml(view, name)
  assert.match(content, /inlineMath latex="x"/i)
  assert.match(content, /footnote text="n"/)
  view.end()
  const again = await opened(core, name)
  assert.equal(again.mode, 'edit')
  assert.equal(again.element.querySelectorAll('.formula, .footnote').length, 2)
  again.end()
  assert.equal(xml(again, name), content)
})

test('headings are told with their formulas and without their footnotes', async () => {
  const { core, name } = lesson([{ type: 'heading', attrs: { level: 2 }, content: [
    text('Of '), { type: 'inlineMath', attrs: { latex: 'x_1' } }, { type: 'footnote', attrs: { text: 'n' } },
  ] }])
  const view = await opened(core, name)
  const outline = await core.heard<{ text: string; fragment: string }[]>('headings')
  assert.deepEqual(outline.map(({ text, fragment }) => [text, fragment]), [['Of $x_1$', 'of-x_1']])
  view.end()
})

test('code is coloured in its language, again only where it changed, and the document never learns of it', async () => {
  const lowlight = await languagesLoaded()
  const read: string[] = []
  const { highlight } = lowlight
  lowlight.highlight = (language, code, options) => {
    read.push(code)
    return highlight(language, code, options)
  }
  const code = (language: string, value: string): Json => ({ type: 'codeBlock', attrs: { language }, content: [text(value)] })
  const { core, name } = lesson([code('python,editable', 'def f(): return 1'), code('rust', 'fn main() {}'), code('output', 'def f()'), code('unknown', 'if'), paragraph('x')])
  const view = await opened(core, name)
  const coloured = () => [...view.element.querySelectorAll('pre .hljs-keyword')].map(e => e.textContent)
  assert.deepEqual(coloured(), ['def', 'return', 'fn'])
  assert.deepEqual(read, ['def f(): return 1', 'fn main() {}'])
  assert.equal(core.pushes.length, 0)
  view.editor().commands.insertContentAt(view.editor().state.doc.content.size - 1, 'y')
  assert.equal(read.length, 2)
  view.editor().view.dispatch(view.editor().state.tr.insertText('# ', 1))
  assert.deepEqual(read.slice(2), ['# def f(): return 1'])
  assert.deepEqual(coloured(), ['fn'])
  lowlight.highlight = highlight
  view.end()
})

test('a long block of code is coloured when the typing rests', async () => {
  await languagesLoaded()
  const { core, name } = lesson([{ type: 'codeBlock', attrs: { language: 'python' }, content: [text('return 1\n'.repeat(600))] }])
  const view = await opened(core, name)
  assert.equal(view.element.querySelectorAll('.hljs-keyword').length, 600)
  view.editor().view.dispatch(view.editor().state.tr.insertText('return 2\n', 1))
  assert.equal(view.element.querySelectorAll('.hljs-keyword').length, 600)
  await wait(400)
  assert.equal(view.element.querySelectorAll('.hljs-keyword').length, 601)
  view.end()
})

test('languages are known by the names that people write', () => {
  for (const [info, language] of [['python,editable', 'python'], ['{.rust .x}', 'rust'], ['HTML', 'xml'], ['c++', 'c++'], ['output', null], ['', null], [null, null]] as const) {
    assert.equal(languageOf(info), language)
  }
})

test('what is copied comes back as it was', async () => {
  const blocks: Json[] = [
    details('Why', paragraph('because')), columns('one', 'two'), { type: 'instructorNote', content: [paragraph('slowly')] },
    { type: 'blockMath', attrs: { latex: 'x < y' } }, paragraph('a', { type: 'inlineMath', attrs: { latex: '"q"' } }, { type: 'footnote', attrs: { text: 'n & m' } }),
  ]
  const { core, name } = lesson(blocks)
  const view = await opened(core, name)
  const before = xml(view, name)
  view.editor().commands.selectAll()
  const { dom } = view.editor().view.serializeForClipboard(view.editor().state.selection.content())
  const html = dom.innerHTML
  const other = lesson([paragraph()], core)
  const second = await opened(core, other.name)
  second.editor().view.pasteHTML(html)
  await second.handle.flush()
  assert.equal(xml(second, other.name), before)
  second.end()
  view.end()
})
