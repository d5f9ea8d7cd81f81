/** Files that come into a lesson: dropped, pasted, chosen. Stored on this computer first, then named in the text. */

import type { Editor } from '@tiptap/core'
import { NodeSelection, TextSelection, type Transaction } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import { messageOf } from '../host.js'
import { sizeOf } from '../nodes/address.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'

/** As `MAX_ASSET_BYTES` in `crates/protocol/src/rest.rs`. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024

/** What a file is to a lesson, by the type that the core found in its content. */
function blockOf(mime: string): 'image' | 'video' | 'audio' | 'file' {
  const kind = mime.split('/')[0] ?? ''
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file'
}

/** A block in the place of an empty paragraph, else behind the block of the caret; with a paragraph behind it to go on in. */
export function putBlock(tr: Transaction, type: string, attrs: Record<string, unknown>, select = false): void {
  const { schema } = tr.doc.type
  const block = schema.node(type, attrs)
  const { $to } = tr.selection
  const depth = Math.max(1, $to.depth)
  const empty = $to.parent.type.name === 'paragraph' && $to.parent.content.size === 0
  const at = empty ? $to.before(depth) : $to.depth === 0 ? $to.pos : $to.after(depth)
  if (empty) tr.replaceWith(at, $to.after(depth), block)
  else tr.insert(at, block)
  const behind = at + block.nodeSize
  if (tr.doc.resolve(behind).nodeAfter?.isTextblock !== true) tr.insert(behind, schema.node('paragraph'))
  tr.setSelection(select ? NodeSelection.create(tr.doc, at) : TextSelection.create(tr.doc, behind + 1)).scrollIntoView()
}

/** Stores files, one after the other, and puts each into the text where the caret then is. */
export async function insertFiles(editor: Editor, context: Context, files: File[], at: number | null): Promise<void> {
  if (at !== null) editor.commands.setTextSelection(at)
  const say = (kind: 'info' | 'trouble', message: string) => context.host.event(context.lesson, 'notice', { kind, message })
  for (const file of files) {
    const name = toWellFormed(file.name)
    // Before a byte of it is read: a file that is too large must not fill the window's memory first.
    if (file.size > MAX_FILE_BYTES) {
      say('trouble', words.fileTooLarge(name, sizeOf(file.size), sizeOf(MAX_FILE_BYTES)))
      continue
    }
    if (file.size === 0) {
      say('info', words.fileEmpty(name))
      continue
    }
    try {
      const bytes = new Uint8Array(await file.arrayBuffer())
      const { hash, mime } = await context.host.putAsset(context.course, context.lesson, name, file.type, bytes)
      if (editor.isDestroyed || !editor.isEditable) return
      const type = blockOf(mime)
      const src = `asset:${hash}`
      const attrs = type === 'image' ? { src, alt: null }
        : type === 'file' ? { src, name, size: bytes.length, mime: file.type === '' ? null : file.type }
        : { src, name }
      editor.chain().command(({ tr }) => {
        putBlock(tr, type, attrs)
        return true
      }).run()
      context.nameAsset(hash, mime, bytes.length, name)
      if (type === 'file' && /^(image|video|audio)\//.test(file.type)) say('info', words.fileNotShown(name))
    } catch (error) {
      say('trouble', words.fileFailed(name, messageOf(error)))
    }
  }
}

/** Asks for files and inserts them at the caret. `accept` as HTML has it; empty for all. */
export function chooseFiles(editor: Editor, context: Context, accept: string): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = accept
  input.multiple = true
  input.hidden = true
  document.body.append(input)
  const done = () => input.remove()
  input.addEventListener('change', () => {
    void insertFiles(editor, context, [...(input.files ?? [])], null).finally(done)
  })
  input.addEventListener('cancel', done)
  input.click()
}

/** A page on the web: its block asks for the address. */
export function insertEmbed(editor: Editor): void {
  editor.chain().command(({ tr }) => {
    putBlock(tr, 'embed', { src: null }, true)
    return true
  }).run()
}
