/**
 * Footnotes: a mark in the text that holds its own words. Numbers are given by the place, in the view only, and all notes
 * are listed below the lesson.
 */

import { Node, mergeAttributes } from '@tiptap/core'
import type { Node as Tree } from '@tiptap/pm/model'
import { NodeSelection, Plugin } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { el } from '../dom.js'
import { editable } from '../tools/atom-field.js'
import * as words from '../words.js'
import { openAround } from './details.js'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    footnote: {
      insertFootnote: (text: string) => ReturnType
    }
  }
}

/** Texts of the footnotes below a block. A block that did not change is not walked again. */
const known = new WeakMap<Tree, string[]>()

function notesOf(block: Tree): string[] {
  let found = known.get(block)
  if (found === undefined) {
    const notes: string[] = []
    block.descendants(node => {
      if (node.type.name === 'footnote') notes.push(String(node.attrs.text ?? ''))
    })
    found = notes
    known.set(block, notes)
  }
  return found
}

/** All footnotes of a body, in order. */
export function footnotes(doc: Tree): string[] {
  const all: string[] = []
  doc.forEach(block => all.push(...notesOf(block)))
  return all
}

/** Numbers the marks and keeps the list below the text. */
class NoteList {
  private readonly list = el('ol', {})
  private readonly element = el('section', { class: 'footnotes', 'aria-label': words.footnotes, hidden: true }, this.list)
  private said = ''

  constructor(private readonly view: EditorView, private readonly fresh: () => boolean) {
    this.update(view)
  }

  update(view: EditorView): void {
    if (this.element.parentElement === null) view.dom.after(this.element)
    const notes = footnotes(view.state.doc)
    const said = JSON.stringify(notes)
    // Marks that were drawn anew have no number yet.
    if (said === this.said && !this.fresh()) return
    this.marks().forEach((mark, at) => {
      mark.textContent = String(at + 1)
      mark.setAttribute('aria-label', words.footnoteLabel(at + 1, notes[at] ?? ''))
    })
    if (said === this.said) return
    this.said = said
    this.element.hidden = notes.length === 0
    this.list.replaceChildren(...notes.map((note, at) => el('li', {},
      el('button', { type: 'button', class: 'footnote-back', 'aria-label': words.footnoteBack(at + 1), onclick: () => this.goTo(at) }, String(at + 1)),
      el('span', { class: 'footnote-words' }, note === '' ? words.footnoteEmpty : note))))
  }

  /** Leads from a mark to its words. */
  reveal(mark: Element): void {
    const at = this.marks().indexOf(mark as HTMLElement)
    const words = this.list.children[at]?.querySelector('button')
    words?.scrollIntoView({ block: 'nearest' })
    words?.focus()
  }

  private marks(): HTMLElement[] {
    return [...this.view.dom.querySelectorAll<HTMLElement>('.footnote')]
  }

  private goTo(at: number): void {
    const mark = this.marks()[at]
    if (mark === undefined) return
    openAround(mark)
    mark.scrollIntoView({ block: 'center' })
    if (!this.view.editable) return mark.focus()
    const pos = this.view.posAtDOM(mark, 0)
    const found = [pos, pos - 1].find(spot => spot >= 0 && this.view.state.doc.nodeAt(spot)?.type.name === 'footnote')
    this.view.focus()
    if (found !== undefined) this.view.dispatch(this.view.state.tr.setSelection(NodeSelection.create(this.view.state.doc, found)))
  }

  destroy(): void {
    this.element.remove()
  }
}

export const Footnote = Node.create<object, { fresh: boolean; list: NoteList | null }>({
  name: 'footnote',
  group: 'inline',
  inline: true,
  atom: true,
  addStorage: () => ({ fresh: false, list: null }),
  addAttributes() {
    return {
      text: {
        default: null,
        parseHTML: element => element.getAttribute('data-footnote') ?? '',
        renderHTML: attrs => ({ 'data-footnote': String(attrs.text ?? '') }),
      },
    }
  },
  parseHTML: () => [{ tag: 'span[data-footnote]', priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes)],

  addCommands() {
    return {
      insertFootnote: text => ({ tr, dispatch }) => {
        const { $to } = tr.selection
        if (!$to.parent.type.contentMatch.matchType(this.type)) return false
        if (dispatch) {
          tr.insert($to.pos, this.type.create({ text }))
          tr.setSelection(NodeSelection.create(tr.doc, $to.pos)).scrollIntoView()
        }
        return true
      },
    }
  },

  addProseMirrorPlugins() {
    const { storage } = this
    return [
      new Plugin({
        view: view => {
          const list = new NoteList(view, () => {
            const { fresh } = storage
            storage.fresh = false
            return fresh
          })
          storage.list = list
          return list
        },
      }),
    ]
  },

  addNodeView() {
    return ({ node: first, getPos, editor }) => {
      let node = first
      const dom = el('span', { class: 'footnote', contenteditable: 'false', role: 'doc-noteref', ...(editor.isEditable ? {} : { tabindex: '0' }) })
      this.storage.fresh = true
      const reveal = (event: Event) => {
        if (editor.isEditable || (event instanceof KeyboardEvent && event.key !== 'Enter')) return
        event.preventDefault()
        this.storage.list?.reveal(dom)
      }
      dom.addEventListener('click', reveal)
      dom.addEventListener('keydown', reveal)
      const forget = editable(dom, {
        editor,
        pos: () => {
          const pos = getPos()
          return typeof pos === 'number' ? pos : null
        },
        attribute: 'text',
        value: () => String(node.attrs.text ?? ''),
        label: words.footnote,
        hint: words.footnoteHint,
        lines: 3,
        display: null,
      })
      return {
        dom,
        update: next => {
          if (next.type !== node.type) return false
          node = next
          return true
        },
        selectNode: () => dom.classList.add('ProseMirror-selectednode'),
        deselectNode: () => dom.classList.remove('ProseMirror-selectednode'),
        ignoreMutation: () => true,
        destroy: forget,
      }
    }
  },
})
