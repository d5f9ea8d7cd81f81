/**
 * The field in which a formula or a footnote is written: it opens over the node by a click or by Enter on the selected
 * node, writes while somebody types, and gives the caret back. One a view.
 */

import { Extension, type Editor } from '@tiptap/core'
import { NodeSelection, Plugin, TextSelection } from '@tiptap/pm/state'
import { el, iconButton } from '../dom.js'
import { drawFormula, formulaTrouble, katexLoaded } from '../katex.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import { Popup } from './popup.js'

/** How long after the last key the document gets what was typed, in milliseconds: each write keeps the whole text. */
const WRITE_MS = 400

/** A node that is edited in the field. */
export interface Atom {
  editor: Editor
  /** Where it stands now; `null` when it is gone. */
  pos(): number | null
  attribute: string
  value(): string
  label: string
  hint: string
  /** Height of the field. With one line, Enter ends the editing. */
  lines: number
  /** Whether a formula stands by itself; `null` if it is none. */
  display: boolean | null
}

const atoms = new WeakMap<globalThis.Node, Atom>()
const fields = new WeakMap<Editor, Field>()

/** Says that a node view's element is edited in the field; returns how to take that back. */
export function editable(dom: HTMLElement, atom: Atom): () => void {
  atoms.set(dom, atom)
  return () => {
    atoms.delete(dom)
    fields.get(atom.editor)?.gone(atom)
  }
}

/** Opens the field for the selected node; false if it has none. */
export function editSelected(editor: Editor): boolean {
  const { selection } = editor.state
  if (!(selection instanceof NodeSelection) || !editor.isEditable) return false
  const dom = editor.view.nodeDOM(selection.from)
  const atom = dom === null ? undefined : atoms.get(dom)
  if (atom === undefined || !(dom instanceof HTMLElement)) return false
  fields.get(editor)?.show(atom, dom)
  return true
}

class Field {
  private readonly input = el('textarea', { class: 'field atom-input', spellcheck: 'true', autocapitalize: 'off' })
  private readonly preview = el('div', { class: 'atom-preview', 'aria-hidden': 'true' })
  private readonly trouble = el('p', { class: 'atom-trouble', role: 'status' })
  private readonly hint = el('p', { class: 'atom-hint' })
  private readonly popup: Popup
  private atom: Atom | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly editor: Editor) {
    const done = iconButton('check', words.fieldDone, 'Enter', () => this.close(true))
    const remove = iconButton('trash-2', words.fieldRemove, '', () => this.remove())
    const box = el('div', { class: 'bubble atom-field', role: 'dialog' },
      this.preview, el('div', { class: 'atom-row' }, this.input, done, remove), this.trouble, this.hint)
    this.input.addEventListener('input', () => this.typed())
    box.addEventListener('keydown', event => this.key(event))
    box.addEventListener('focusout', event => {
      if (event.relatedTarget instanceof Node && box.contains(event.relatedTarget)) return
      this.close(false)
    })
    this.popup = new Popup(editor, box, 'below')
  }

  show(atom: Atom, dom: HTMLElement): void {
    if (this.atom !== null && this.atom !== atom) this.close(false)
    this.atom = atom
    const formula = atom.display !== null
    this.popup.element.setAttribute('aria-label', atom.label)
    this.input.setAttribute('aria-label', atom.label)
    this.input.rows = atom.lines
    this.input.spellcheck = !formula
    this.input.classList.toggle('atom-latex', formula)
    this.input.value = atom.value()
    this.hint.textContent = atom.hint
    this.preview.hidden = !formula
    this.check()
    if (formula) void katexLoaded().then(() => this.check(), () => undefined)
    this.popup.show(dom.getBoundingClientRect())
    this.input.focus()
    this.input.select()
  }

  /** The node was removed under the field. */
  gone(atom: Atom): void {
    if (this.atom !== atom) return
    clearTimeout(this.timer)
    this.atom = null
    this.popup.hide()
  }

  /** Writes what was typed and not written yet. */
  write(): void {
    clearTimeout(this.timer)
    const { atom, editor } = this
    const pos = atom?.pos() ?? null
    if (atom === null || pos === null || !editor.isEditable || editor.isDestroyed) return
    const value = toWellFormed(this.input.value)
    if (value === atom.value()) return
    const node = editor.state.doc.nodeAt(pos)
    if (node === null) return
    const tr = editor.state.tr.setNodeMarkup(pos, undefined, { ...node.attrs, [atom.attribute]: value })
    editor.view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, pos)))
  }

  private typed(): void {
    this.check()
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.write(), WRITE_MS)
  }

  private check(): void {
    if (this.atom === null) return
    const latex = this.input.value
    const trouble = this.atom.display === null || latex.trim() === '' ? null : formulaTrouble(latex)
    if (this.atom.display !== null) {
      // A formula in the making is wrong most of the time: the last one that could be drawn stays.
      if (trouble === null) drawFormula(this.preview, latex, this.atom.display)
      this.preview.dataset.empty = String(latex.trim() === '')
    }
    this.trouble.textContent = trouble ?? ''
    this.trouble.hidden = trouble === null
    this.input.setAttribute('aria-invalid', String(trouble !== null))
  }

  private key(event: KeyboardEvent): void {
    const single = this.atom !== null && (this.atom.lines === 1 || this.atom.display === null)
    const ends = event.key === 'Escape'
      || (event.key === 'Enter' && event.target === this.input && (single ? !event.shiftKey : event.ctrlKey || event.metaKey))
    // While characters are being composed, these keys are the input method's.
    if (!ends || event.isComposing) {
      event.stopPropagation()
      return
    }
    event.preventDefault()
    event.stopPropagation()
    this.close(true)
  }

  /** Ends the editing; with `back`, the caret goes behind the node. An empty node goes away. */
  private close(back: boolean): void {
    const { atom, editor } = this
    if (atom === null) return
    if (this.input.value.trim() === '') return this.remove(back)
    this.write()
    this.atom = null
    this.popup.hide()
    const pos = atom.pos()
    if (!back || pos === null) return
    const { doc, tr } = editor.state
    const behind = pos + (doc.nodeAt(pos)?.nodeSize ?? 1)
    const inline = doc.resolve(pos).parent.inlineContent
    editor.view.dispatch(tr.setSelection(inline ? TextSelection.create(doc, behind) : TextSelection.near(doc.resolve(behind))))
    editor.view.focus()
  }

  private remove(back = true): void {
    const { atom, editor } = this
    const pos = atom?.pos() ?? null
    clearTimeout(this.timer)
    this.atom = null
    this.popup.hide()
    if (pos === null || !editor.isEditable || editor.isDestroyed) return
    const node = editor.state.doc.nodeAt(pos)
    if (node !== null) editor.view.dispatch(editor.state.tr.delete(pos, pos + node.nodeSize))
    if (back) editor.view.focus()
  }

  destroy(): void {
    this.write()
    clearTimeout(this.timer)
    this.atom = null
    this.popup.destroy()
  }
}

/** Writes what is still in the field of an editor: before the window closes. */
export function writeField(editor: Editor): void {
  fields.get(editor)?.write()
}

export const AtomField = Extension.create({
  name: 'atomField',
  // Before the keys that would split a block at a selected node.
  priority: 200,
  addKeyboardShortcuts() {
    return { Enter: () => editSelected(this.editor) }
  },
  addProseMirrorPlugins() {
    const editor = this.editor
    return [
      new Plugin({
        props: {
          handleClickOn: (view, _pos, node, nodePos, _event, direct) => {
            if (!direct || !view.editable || atoms.get(view.nodeDOM(nodePos) ?? document) === undefined || !node.isAtom) return false
            view.dispatch(view.state.tr.setSelection(NodeSelection.create(view.state.doc, nodePos)))
            return editSelected(editor)
          },
        },
        view: () => {
          const field = new Field(editor)
          fields.set(editor, field)
          return { destroy: () => field.destroy() }
        },
      }),
    ]
  },
})
