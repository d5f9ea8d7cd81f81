/**
 * The direction of a block's text. Without the attribute a text follows its first letter (`dir="auto"` in the page, nothing
 * in the document); items, quotes and callouts follow their first block, by CSS. Tiptap's own `textDirection` would write its
 * default into every block.
 */

import { Extension, type Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import type { Transaction } from '@tiptap/pm/state'

export type Direction = 'ltr' | 'rtl'

/** Blocks of text: the menu and the key write here. */
const TEXTS = ['paragraph', 'heading']
/** Known wherever other editors write it, so that it is kept and shown. */
const HOLDERS = ['listItem', 'taskItem', 'bulletList', 'orderedList', 'taskList', 'blockquote', 'callout', 'tableCell', 'tableHeader']

export function isDirection(value: unknown): value is Direction {
  return value === 'ltr' || value === 'rtl'
}

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    direction: {
      /** Sets the direction of the texts of the selection; `null` lets them follow their first letter. */
      setDirection: (direction: Direction | null) => ReturnType
    }
  }
}

/** Writes a direction to the texts of a range; what holds them says nothing of its own then. */
export function directTexts(tr: Transaction, from: number, to: number, direction: Direction | null): boolean {
  let found = false
  const change = (node: Node, pos: number, dir: Direction | null) => {
    if ((node.attrs.dir ?? null) !== dir) tr.setNodeMarkup(pos, undefined, { ...node.attrs, dir })
  }
  tr.doc.nodesBetween(from, to, (node, pos) => {
    if (TEXTS.includes(node.type.name)) {
      found = true
      change(node, pos, direction)
    } else if (HOLDERS.includes(node.type.name)) change(node, pos, null)
    return !node.isTextblock
  })
  return found
}

/** How the text at the caret runs as it is shown. */
export function shownDirection(editor: Editor): Direction {
  const { $from } = editor.state.selection
  const { node } = editor.view.domAtPos($from.pos)
  const element = node instanceof Element ? node : node.parentElement
  return element !== null && getComputedStyle(element).direction === 'rtl' ? 'rtl' : 'ltr'
}

export const TextDirections = Extension.create({
  name: 'textDirections',

  addGlobalAttributes() {
    const attribute = (otherwise: Record<string, string>) => ({
      dir: {
        default: null,
        keepOnSplit: true,
        parseHTML: (element: HTMLElement) => {
          const dir = element.getAttribute('dir')
          return isDirection(dir) ? dir : null
        },
        renderHTML: (attrs: Record<string, unknown>) => (isDirection(attrs.dir) ? { dir: attrs.dir } : otherwise),
      },
    })
    return [
      { types: TEXTS, attributes: attribute({ dir: 'auto' }) },
      { types: HOLDERS, attributes: attribute({}) },
    ]
  },

  addCommands() {
    return {
      setDirection: direction => ({ tr, dispatch }) => {
        const { from, to } = tr.selection
        if (!dispatch) return true
        return directTexts(tr, from, to, direction)
      },
    }
  },

  addKeyboardShortcuts() {
    return {
      // The other way round; once more: as the first letter says.
      'Mod-Shift-x': () => {
        const { $from } = this.editor.state.selection
        if (!TEXTS.includes($from.parent.type.name)) return false
        const set = isDirection($from.parent.attrs.dir)
        return this.editor.commands.setDirection(set ? null : shownDirection(this.editor) === 'rtl' ? 'ltr' : 'rtl')
      },
    }
  },
})
