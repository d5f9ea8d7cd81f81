import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Core, Y } from './page.js'
import { lesson, opened, paragraph } from './helpers.js'
import { applyRemote, changed } from '../src/index.js'

/** Another device: makes an edit on a copy and gives its update. */
function elsewhere(core: Core, name: string, edit: (body: Y.XmlFragment) => void): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(core.doc(name)))
  const before = Y.encodeStateVector(doc)
  edit(doc.getXmlFragment('body'))
  const update = Y.encodeStateAsUpdate(doc, before)
  Y.applyUpdate(core.doc(name), update)
  return update
}

const first = (body: Y.XmlFragment) => (body.get(0) as Y.XmlElement).get(0) as Y.XmlText

test('an edit of somebody else leaves the caret and the undo stack alone, and is not sent back', async () => {
  const { core, name } = lesson([paragraph('hello world'), paragraph('second')])
  const view = await opened(core, name)
  const editor = view.editor()
  editor.commands.insertContentAt(12, '!')
  await view.handle.flush()
  editor.commands.setTextSelection(7)
  const sent = core.pushes.length
  applyRemote(name, elsewhere(core, name, body => first(body).insert(0, 'Well, ')))
  assert.equal(view.handle.text(), 'Well, hello world!\n\nsecond')
  assert.equal(editor.state.doc.textBetween(1, editor.state.selection.from), 'Well, hello ')
  assert.equal(core.pushes.length, sent)
  assert.equal(editor.commands.undo(), true)
  assert.equal(view.handle.text(), 'Well, hello world\n\nsecond')
  assert.equal(editor.commands.undo(), false)
  view.end()
})

test('what somebody else wrote lights up from its first letter to its last, also where it ends as what stands before it', async () => {
  const { core, name } = lesson([paragraph('The sun.')])
  const view = await opened(core, name)
  const lit = () => [...view.editor().view.dom.querySelectorAll('.remote-edit')].map(part => part.textContent).join('|')
  // The first change that comes shows the lesson itself.
  applyRemote(name, elsewhere(core, name, body => first(body).insert(0, 'See: ')))
  applyRemote(name, elsewhere(core, name, body => {
    const added = new Y.XmlElement('paragraph')
    added.insert(0, [new Y.XmlText('The moon.')])
    body.push([added])
  }))
  assert.equal(lit(), 'The moon.')
  applyRemote(name, elsewhere(core, name, body => first(body).insert(5, 'eee')))
  assert.equal(lit(), 'eee')
  applyRemote(name, elsewhere(core, name, body => first(body).delete(5, 3)))
  assert.equal(lit(), '', 'what is gone cannot')
  view.end()
})

test('a lesson that changed while it was only kept is up to date when it is opened, and undo still works', async () => {
  const { core, name } = lesson([paragraph('one')])
  const view = await opened(core, name)
  view.editor().commands.insertContentAt(4, ' two')
  await view.handle.flush()
  view.end()
  elsewhere(core, name, body => first(body).insert(0, 'zero '))
  const again = await opened(core, name)
  assert.equal(again.handle.text(), 'zero one two')
  again.editor().commands.undo()
  assert.equal(again.handle.text(), 'zero one')
  again.end()
})

test('a pull during a pull leads to exactly one more', async () => {
  const { core, name } = lesson([paragraph('x')])
  const view = await opened(core, name)
  let loads = 0
  const load = core.load.bind(core)
  let free: (() => void)[] = []
  core.load = async (...args) => {
    loads += 1
    await new Promise<void>(done => free.push(done))
    return load(...args)
  }
  changed(name)
  changed(name)
  changed(name)
  elsewhere(core, name, body => first(body).insert(1, 'y'))
  while (view.handle.text() !== 'xy' || free.length > 0) {
    free.forEach(done => done())
    free = []
    await Promise.resolve()
  }
  assert.equal(loads, 2)
  view.end()
})

test('two people who empty a list between them leave a lesson that opens, and writing tidies it', async () => {
  const { core, name } = lesson([paragraph('p'), { type: 'bulletList', content: [{ type: 'listItem', content: [paragraph('a')] }, { type: 'listItem', content: [paragraph('b')] }] }])
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(core.doc(name)))
  const list = (doc: Y.Doc) => doc.getXmlFragment('body').get(1) as Y.XmlElement
  list(core.doc(name)).delete(0, 1)
  list(other).delete(1, 1)
  Y.applyUpdate(core.doc(name), Y.encodeStateAsUpdate(other))
  const view = await opened(core, name)
  assert.equal(view.mode, 'edit')
  assert.equal(core.pushes.length, 0)
  view.editor().commands.insertContentAt(2, '!')
  await view.handle.flush()
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>p!</paragraph>')
  view.end()
})

test('half a surrogate pair never enters the document', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  view.editor().view.dispatch(view.editor().state.tr.insertText('a\uD83Db', 1))
  await view.handle.flush()
  assert.equal(view.handle.text(), 'a\uFFFDb')
  view.end()
})

test('replacing one emoji by another keeps both replicas whole', async () => {
  const { core, name } = lesson([paragraph('x😀y')])
  const view = await opened(core, name)
  view.editor().view.dispatch(view.editor().state.tr.insertText('😁', 2, 4))
  await view.handle.flush()
  assert.equal(view.handle.text(), 'x😁y')
  assert.equal(core.doc(name).getXmlFragment('body').toString(), '<paragraph>x😁y</paragraph>')
  view.end()
})
