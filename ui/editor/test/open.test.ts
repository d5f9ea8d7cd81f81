import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Core, Y, everything, fill, fingerprint } from './page.js'
import { configure, flush, open } from '../src/index.js'

async function opened(core: Core, lesson: string, editable = true) {
  configure(core)
  const element = document.createElement('div')
  document.body.append(element)
  const since = core.events.length
  const handle = open(element, { course: 'c', lesson, editable, label: 'Lesson' })
  const { mode } = await core.heard<{ mode: string }>('ready', since)
  return { handle, element, mode, end: () => { handle.close(); element.remove() } }
}

for (const editable of [true, false]) {
  test(`opening, focusing and closing a lesson ${editable ? 'for editing' : 'for reading'} leaves it as it was`, async () => {
    const core = new Core()
    const lesson = `wide-${editable}`
    fill(core.doc(lesson).getXmlFragment('body'), everything())
    const before = fingerprint(core.doc(lesson))
    const view = await opened(core, lesson, editable)
    assert.equal(view.mode, editable ? 'edit' : 'read')
    view.handle.focus('end')
    view.handle.focus('start')
    view.end()
    const again = await opened(core, lesson, editable)
    again.end()
    await flush()
    assert.equal(fingerprint(core.doc(lesson)), before)
    assert.equal(core.pushes.length, 0)
    assert.match(view.element.innerHTML, /^$/)
  })
}
void Y
