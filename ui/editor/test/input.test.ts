import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slice } from '@tiptap/pm/model'
import { Core } from './page.js'
import { lesson, opened, paragraph, text } from './helpers.js'
import { isSafeHref } from '../src/nodes/marks.js'
import { countWords, slug } from '../src/stats.js'
import { completeHref } from '../src/tools/bubble.js'
import { looksLikeMarkdown } from '../src/tools/paste.js'
import { findBlocks } from '../src/tools/slash.js'

test('a dropped image is stored first and then named in the lesson and in its assets', async () => {
  const { core, name } = lesson([paragraph('see')])
  const view = await opened(core, name)
  const file = new File([new Uint8Array([1, 2, 3])], 'plan.png', { type: 'image/png' })
  const drop = new Event('drop', { bubbles: true, cancelable: true })
  Object.assign(drop, { dataTransfer: { files: [file], getData: () => '', types: ['Files'] }, clientX: 0, clientY: 0 })
  view.editor().commands.setTextSelection(4)
  view.editor().view.posAtCoords = () => ({ pos: 4, inside: 0 })
  view.editor().view.dom.dispatchEvent(drop)
  await core.heard('saved')
  const hash = 'ab'.repeat(32)
  assert.deepEqual(core.doc(name).getMap('assets').get(hash), { mime: 'image/png', bytes: 3, name: 'plan.png' })
  assert.match(core.doc(name).getXmlFragment('body').toString(), new RegExp(`^<paragraph>see</paragraph><image [^>]*src="asset:${hash}"></image><paragraph></paragraph>$`))
  view.end()
})

test('an image that cannot be stored is said, and the lesson is unchanged', async () => {
  const { core, name } = lesson([paragraph('see')])
  core.putAsset = () => Promise.reject(new Error('the disk is full'))
  const view = await opened(core, name)
  const paste = new Event('paste', { bubbles: true, cancelable: true })
  Object.assign(paste, { clipboardData: { files: [new File([new Uint8Array(3)], 'a.png', { type: 'image/png' })], getData: () => '', types: ['Files'] } })
  view.editor().view.dom.dispatchEvent(paste)
  const { message } = await core.heard<{ message: string }>('notice')
  assert.match(message, /unchanged.*a\.png.*disk is full/)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('pasted HTML becomes what the schema knows and nothing else', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  view.editor().view.pasteHTML('<h2 onclick="x">Title</h2><script>x</script><p style="color:red">a <b>bold</b> <a href="javascript:x">bad</a> <a href="https://e.org">good</a></p>')
  await view.handle.flush()
  const html = core.doc(name).getXmlFragment('body').toString()
  assert.match(html, /<heading level="2">Title<\/heading><paragraph>a <bold>bold<\/bold> bad <link/)
  assert.doesNotMatch(html, /script|javascript|onclick|style/)
  view.end()
})

test('pasted Markdown is read by the core', async () => {
  const { core, name } = lesson([paragraph('')])
  const host = core as Core & { markdownToBlocks?: (markdown: string) => Promise<object[]> }
  host.markdownToBlocks = () => Promise.resolve([{ type: 'heading', attrs: { level: 2 }, content: [text('From Markdown')] }])
  const view = await opened(core, name)
  const paste = new Event('paste', { bubbles: true, cancelable: true })
  Object.assign(paste, { clipboardData: { files: [], getData: (kind: string) => (kind === 'text/plain' ? '## From Markdown' : ''), types: ['text/plain'] } })
  view.editor().view.dom.dispatchEvent(paste)
  await core.heard('saved')
  assert.match(core.doc(name).getXmlFragment('body').toString(), /<heading level="2">From Markdown<\/heading>/)
  view.end()
})

test('code may be a link, bold and code at once', async () => {
  const { core, name } = lesson([paragraph('word')])
  const view = await opened(core, name)
  view.editor().chain().selectAll().toggleMark('code').toggleMark('bold').setMark('link', { href: 'https://e.org' }).run()
  assert.deepEqual(view.editor().state.doc.nodeAt(1)?.marks.map(mark => mark.type.name).sort(), ['bold', 'code', 'link'])
  view.end()
})

test('a table that is made has a header row, and its rows and columns can be added and removed', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.chain().insertTable(2, 2).run()
  const shape = () => {
    const rows: string[] = []
    editor.state.doc.descendants(node => {
      if (node.type.name === 'tableRow') rows.push(node.children.map(cell => (cell.type.name === 'tableHeader' ? 'H' : 'c')).join(''))
    })
    return rows.join('/')
  }
  assert.equal(shape(), 'HH/cc')
  editor.commands.tableCommand('addColumnAfter')
  editor.commands.tableCommand('addRowAfter')
  assert.equal(shape(), 'HHH/ccc/ccc')
  editor.commands.tableCommand('deleteColumn')
  assert.equal(shape(), 'HH/cc/cc')
  editor.commands.tableCommand('deleteTable')
  assert.equal(shape(), '')
  view.end()
})

test('blocks are found by their names and by other words for them', () => {
  assert.equal(findBlocks('ta')[0], 'Task list')
  assert.ok(findBlocks('todo').includes('Task list'))
  assert.deepEqual(findBlocks('no such thing'), [])
})

test('addresses become links as people mean them, and dangerous ones never do', () => {
  assert.equal(completeHref(' example.org/a '), 'https://example.org/a')
  assert.equal(completeHref('a@example.org'), 'mailto:a@example.org')
  assert.equal(completeHref('lesson:1#x'), 'lesson:1#x')
  assert.equal(completeHref('../other.md'), '../other.md')
  for (const good of ['https://e.org', 'lesson:1', '../a.md', '#here', 'mailto:a@b']) assert.ok(isSafeHref(good), good)
  for (const bad of ['javascript:alert(1)', 'java\nscript:x', ' JAVASCRIPT:x', 'data:text/html,x', 'vbscript:x', 'file:///etc']) assert.ok(!isSafeHref(bad), bad)
})

test('Markdown is recognised, prose is not', () => {
  for (const yes of ['# A', '- a', '1. a', '> q', '```\nx\n```', 'a **b** c', '[a](b)', '| a | b |']) assert.ok(looksLikeMarkdown(yes), yes)
  for (const no of ['Just words.', 'a - b', '3 * 4 * 5', 'C# is a language', 'snake_case_name']) assert.ok(!looksLikeMarkdown(no), no)
})

test('words are counted in scripts without spaces too, and headings get the fragments of the web', () => {
  assert.equal(countWords('Two words'), 2)
  assert.ok(countWords('これはペンです') > 1)
  assert.equal(slug(' What’s “new” in C#? '), 'whats-new-in-c')
})
void Slice
