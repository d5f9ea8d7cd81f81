import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Core, type Json, Y, everything, fill, fingerprint } from './page.js'
import { lesson, opened, paragraph, text } from './helpers.js'
import { applyRemote } from '../src/index.js'
import { Schema } from '@tiptap/pm/model'
import { readable } from '../src/reader.js'
import { inspectBody } from '../src/guard.js'
import { bodySchema } from '../src/schema.js'

const NEWER: Record<string, (core: Core, name: string) => void> = {
  'a node type': (core, name) => fill(core.doc(name).getXmlFragment('body'), [{ type: 'hologram', content: [paragraph('in three dimensions')] }]),
  'a node type in a sentence': (core, name) => fill(core.doc(name).getXmlFragment('body'), [paragraph('known ', { type: 'chart', attrs: { text: 'of rain' } }, ' too')]),
  'a node type deep inside': (core, name) => fill(core.doc(name).getXmlFragment('body'), [{ type: 'blockquote', content: [{ type: 'hologram' }] }]),
  'a mark': (core, name) => fill(core.doc(name).getXmlFragment('body'), [paragraph(text('glowing', 'glow'))]),
  'an attribute': (core, name) => fill(core.doc(name).getXmlFragment('body'), [{ type: 'paragraph', attrs: { mood: 'calm' } }]),
  'something inside a text': (core, name) => {
    const element = new Y.XmlElement('paragraph')
    const inner = new Y.XmlText()
    inner.insertEmbed(0, { what: 1 })
    element.insert(0, [inner])
    core.doc(name).getXmlFragment('body').insert(0, [element])
  },
  'a text beside the blocks': (core, name) => core.doc(name).getXmlFragment('body').insert(0, [new Y.XmlText('bare')]),
  'a nesting that the schema refuses': (core, name) => fill(core.doc(name).getXmlFragment('body'), [{ type: 'tableRow', content: [] }]),
  'a newer schema version': (core, name) => core.doc(name).getMap('meta').set('schema', 2),
}

for (const [what, add] of Object.entries(NEWER)) {
  test(`a lesson with ${what} of a newer Inkhorn is shown, never edited, and stays whole`, async () => {
    const { core, name } = lesson([paragraph('known words')])
    add(core, name)
    const before = fingerprint(core.doc(name))
    const content = core.doc(name).getXmlFragment('body').toString()
    const view = await opened(core, name)
    assert.equal(view.mode, 'newer')
    assert.match(view.element.textContent ?? '', /known words/)
    view.handle.setEditable(true)
    view.editor().commands.insertContent('no')
    view.handle.focus('end')
    view.end()
    assert.equal(core.pushes.length, 0)
    assert.equal(fingerprint(core.doc(name)), before)
    assert.equal(core.doc(name).getXmlFragment('body').toString(), content)
  })

  test(`${what} of a newer Inkhorn that arrives while the lesson is open takes it out of editing`, async () => {
    const { core, name } = lesson([paragraph('known words')])
    const view = await opened(core, name)
    assert.equal(view.mode, 'edit')
    view.editor().commands.insertContentAt(1, 'My ')
    await view.handle.flush()
    const sent = core.pushes.length
    add(core, name)
    const content = core.doc(name).getXmlFragment('body').toString()
    applyRemote(name, Y.encodeStateAsUpdate(core.doc(name)))
    assert.equal((await core.heard<{ mode: string }>('mode')).mode, 'newer')
    assert.match(view.element.textContent ?? '', /My known words/)
    assert.equal(core.pushes.length, sent)
    view.end()
    assert.equal(core.doc(name).getXmlFragment('body').toString(), content)
  })
}

test('the text of an unknown block can be read', async () => {
  const { core, name } = lesson([{ type: 'hologram', content: [paragraph('in three dimensions')] }])
  const view = await opened(core, name)
  assert.match(view.element.querySelector('.unknown-block')?.textContent ?? '', /newer Inkhorn.*in three dimensions/)
  applyRemote(name, (() => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(core.doc(name)))
    fill(doc.getXmlFragment('body'), [paragraph('news of another')])
    return Y.encodeStateAsUpdate(doc)
  })())
  assert.match(view.element.textContent ?? '', /news of another/)
  view.end()
})

test('in a sentence only what is not known is a placeholder', async () => {
  const { core, name } = lesson([paragraph('The ', { type: 'chart', attrs: { title: 'rain', id: '7' } }, ' falls.')])
  const view = await opened(core, name)
  assert.equal(view.mode, 'newer')
  assert.equal(view.element.querySelector('p')?.textContent, 'The rain falls.')
  assert.equal(view.element.querySelector('.unknown-inline')?.textContent, 'rain')
  assert.equal(view.element.querySelector('.unknown-block'), null)
  view.end()
})

/** The schema of the version before details, columns, formulas, footnotes and instructor notes. */
function olderSchema(): Schema {
  const { nodes, marks } = bodySchema().spec
  const newer = ['details', 'detailsSummary', 'detailsContent', 'columns', 'column', 'instructorNote', 'inlineMath', 'blockMath', 'footnote']
  return new Schema({ nodes: newer.reduce((left, type) => left.remove(type), nodes).append({
    inkhornUnknown: { group: 'block', atom: true, attrs: { name: { default: '' }, text: { default: '' } } },
    inkhornUnknownInline: { group: 'inline', inline: true, atom: true, attrs: { name: { default: '' }, text: { default: '' } } },
  }), marks })
}

test('an app of the version before sees every new block, may not edit it, and reads its words', () => {
  const blocks: Record<string, [Json, string]> = {
    details: [{ type: 'details', content: [{ type: 'detailsSummary', content: [text('Why')] }, { type: 'detailsContent', content: [paragraph('because')] }] }, 'Why because'],
    columns: [{ type: 'columns', content: [{ type: 'column', content: [paragraph('left')] }, { type: 'column', content: [paragraph('right')] }] }, 'left right'],
    instructorNote: [{ type: 'instructorNote', content: [paragraph('slowly')] }, 'slowly'],
    blockMath: [{ type: 'blockMath', attrs: { latex: 'x^2' } }, 'x^2'],
    inlineMath: [paragraph('area ', { type: 'inlineMath', attrs: { latex: 'r^2' } }), 'area r^2'],
    footnote: [paragraph('said', { type: 'footnote', attrs: { text: 'by whom' } }), 'said by whom'],
  }
  const older = olderSchema()
  for (const [type, [block, words]] of Object.entries(blocks)) {
    const doc = new Y.Doc()
    const body = doc.getXmlFragment('body')
    fill(body, [paragraph('known'), block])
    const before = fingerprint(doc)
    const trouble = inspectBody(body, older)
    assert.deepEqual([trouble?.what, trouble?.detail], ['node', type])
    const shown = older.nodeFromJSON(readable(body, older))
    shown.check()
    const read = shown.textBetween(0, shown.content.size, ' ', node => ` ${String(node.attrs.text ?? '')}`)
    assert.equal(read.replace(/\s+/g, ' ').trim(), `known ${words}`)
    assert.equal(fingerprint(doc), before)
  }
})

test('a body that is nested beyond reason is shown, not walked into the ground', async () => {
  let deep: Json = paragraph('bottom')
  for (let i = 0; i < 1500; i += 1) deep = { type: 'blockquote', content: [deep] }
  const { core, name } = lesson([paragraph('top')])
  let element = new Y.XmlElement('blockquote')
  core.doc(name).getXmlFragment('body').push([element])
  for (let i = 0; i < 1500; i += 1) {
    const inner = new Y.XmlElement('blockquote')
    element.insert(0, [inner])
    element = inner
  }
  const view = await opened(core, name)
  assert.equal(view.mode, 'newer')
  assert.match(view.element.textContent ?? '', /top/)
  view.end()
})

test('every node and mark of the schema passes the guard', () => {
  const doc = new Y.Doc()
  fill(doc.getXmlFragment('body'), everything())
  assert.equal(inspectBody(doc.getXmlFragment('body'), bodySchema()), null)
})
