/** What blocks with a file have in common: the caption, the line that says how far it is, the button that saves a copy. */

import type { Editor } from '@tiptap/core'
import type { Node, NodeType } from '@tiptap/pm/model'
import { NodeSelection } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import { messageOf } from '../host.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import { assetHash, sizeOf } from './address.js'

/** A block in the text, as its view has it. */
export interface Block {
  editor: Editor
  getPos: () => number | undefined
  node: () => Node
}

/** Writes attributes of a block, which stays selected; nothing when they say so already. */
export function setAttrs(block: Block, attrs: Record<string, unknown>): void {
  const pos = block.getPos()
  const node = block.node()
  const same = Object.entries(attrs).every(([name, value]) => node.attrs[name] === value)
  if (typeof pos !== 'number' || !block.editor.isEditable || same) return
  const tr = block.editor.state.tr.setNodeMarkup(pos, undefined, { ...node.attrs, ...attrs })
  block.editor.view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, pos)))
}

/** One of a block's attributes below it: a field of text that wraps, since captions are sentences. Who only reads gets the text alone. */
export function field(block: Block, attr: string, label: string, kind: string): { dom: HTMLElement; show(): void } {
  if (!block.editor.isEditable) {
    const dom = el('p', { class: `block-field ${kind}` })
    return {
      dom,
      show: () => {
        const text = String(block.node().attrs[attr] ?? '')
        dom.textContent = text
        dom.hidden = text === ''
        dom.dataset.empty = String(text === '')
      },
    }
  }
  const fit = () => {
    dom.style.height = 'auto'
    if (dom.scrollHeight > 0) dom.style.height = `${dom.scrollHeight}px`
  }
  const dom = el('textarea', {
    class: `block-field ${kind}`, rows: '1', placeholder: label, 'aria-label': label, spellcheck: 'true',
    oninput: fit,
    onfocus: fit,
    onchange: () => {
      const text = toWellFormed(dom.value.replace(/\s*\n\s*/g, ' ').trim())
      setAttrs(block, { [attr]: text === '' ? null : text })
    },
    onkeydown: event => {
      if (!['Enter', 'Escape'].includes((event as KeyboardEvent).key)) return
      event.preventDefault()
      event.stopPropagation()
      dom.blur()
      const pos = block.getPos()
      if (typeof pos === 'number') block.editor.commands.focus(pos + block.node().nodeSize)
    },
  })
  return {
    dom,
    show: () => {
      const text = String(block.node().attrs[attr] ?? '')
      if (document.activeElement !== dom) dom.value = text
      dom.readOnly = !block.editor.isEditable
      dom.hidden = !block.editor.isEditable && text === ''
      dom.dataset.empty = String(text === '')
      fit()
    },
  }
}

/** What the views of blocks with a file answer alike: they draw what a block became, and a selected one has a ring. */
export function drawn(dom: HTMLElement, type: NodeType, draw: (node: Node) => void) {
  return {
    dom,
    update: (next: Node) => {
      if (next.type !== type) return false
      draw(next)
      return true
    },
    selectNode: () => dom.classList.add('ProseMirror-selectednode'),
    deselectNode: () => dom.classList.remove('ProseMirror-selectednode'),
    ignoreMutation: () => true,
  }
}

/** The line below a block whose file is on its way. */
export function progressLine(context: Context, hash: () => string | null): { dom: HTMLElement; end(): void; show(): void } {
  const bar = el('progress', { class: 'transfer-bar', max: '1' })
  const said = el('span', {})
  const dom = el('div', { class: 'transfer', hidden: true }, icon('cloud-upload'), said, bar)
  const show = () => {
    const transfer = context.transfers.of(hash())
    dom.hidden = transfer === null
    if (transfer === null) return
    dom.dataset.state = transfer.state
    said.textContent = words.transfer(transfer, sizeOf)
    bar.hidden = transfer.state !== 'moves'
    bar.value = transfer.bytes === 0 ? 0 : transfer.done / transfer.bytes
    bar.setAttribute('aria-label', said.textContent)
  }
  return { dom, show, end: context.transfers.watch(show) }
}

/** Saves a copy where the person wants it. What a course holds is never opened from here. */
export function saveCopy(context: Context, node: Node): void {
  const hash = assetHash(node.attrs.src)
  if (hash === null) return
  const say = (kind: 'info' | 'trouble', message: string) => context.host.event(context.lesson, 'notice', { kind, message })
  const name = String(node.attrs.name ?? '') || 'file'
  context.host.saveAsset(context.course, hash, name).then(
    path => { if (path !== null) say('info', words.saved(name, path)) },
    (error: unknown) => say('trouble', messageOf(error)),
  )
}

export function textButton(name: string, label: string, run: () => void): HTMLButtonElement {
  return el('button', { type: 'button', class: 'button', onclick: run }, icon(name), el('span', {}, label))
}

/** Mod+Enter on a selected block of these types saves a copy. */
export function saveKey(context: Context, editor: Editor, type: string): boolean {
  const { selection } = editor.state
  if (!(selection instanceof NodeSelection) || selection.node.type.name !== type) return false
  if (assetHash(selection.node.attrs.src) === null) return false
  saveCopy(context, selection.node)
  return true
}
