/**
 * What keys are measured against (`cargo xtask bench app`): Tiptap with its starter kit and its collaboration extension, as
 * its documentation shows them, on the text of the lesson that is open, in the same window. Nothing saves or sends what is
 * typed into it.
 */

import { Editor, getSchema, type JSONContent } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { StarterKit } from '@tiptap/starter-kit'
import * as Y from 'yjs'

const extensions = [StarterKit.configure({ undoRedo: false })]
const schema = getSchema(extensions)
/** Of our blocks that the kit does not have, what is most like them. */
const LIKE: Record<string, string> = { callout: 'blockquote', tableRow: 'paragraph' }

/** The same words, in blocks that the kit knows. */
function known(node: JSONContent): JSONContent[] {
  const type = schema.nodes[node.type ?? ''] === undefined ? LIKE[node.type ?? ''] : node.type
  const content = (node.content ?? []).flatMap(known)
  if (type === undefined) return content
  if (schema.nodes[type]?.isText === true) return [{ type, text: node.text ?? ' ' }]
  // Cells side by side become one paragraph.
  const inner = type === 'paragraph' ? content.flatMap(child => (child.type === 'paragraph' ? child.content ?? [] : [child])) : content
  const attrs = type === 'heading' ? { level: Number(node.attrs?.level ?? 2) } : undefined
  return [{ type, ...(attrs === undefined ? {} : { attrs }), content: inner }]
}

const ours = document.querySelector('.prose') as (HTMLElement & { editor: Editor }) | null
if (ours === null) throw new Error('no lesson is open')
const text = ours.editor.getJSON()
const main = document.getElementById('main')
if (main !== null) main.style.display = 'none'
const element = document.createElement('div')
element.id = 'peer'
element.style.cssText = 'position: fixed; inset: 0; overflow: auto; padding: 24px; background: white; color: black'
document.body.append(element)
const editor = new Editor({
  element,
  extensions: [...extensions, Collaboration.configure({ document: new Y.Doc() })],
})
editor.commands.setContent({ type: 'doc', content: (text.content ?? []).flatMap(known) })
// At the end of the first paragraph, as in ours.
let end = 0
editor.state.doc.descendants((node, pos) => {
  if (end === 0 && node.type.name === 'paragraph') end = pos + 1 + node.content.size
  return end === 0
})
editor.commands.focus(end)
