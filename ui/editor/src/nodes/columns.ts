/** Columns side by side; below a narrow width they stand under each other (styles). */

import { InputRule, Node, mergeAttributes } from '@tiptap/core'
import type { Node as Tree, ResolvedPos } from '@tiptap/pm/model'
import { TextSelection } from '@tiptap/pm/state'

/** More do not fit beside each other in the measure of a page. */
export const MOST_COLUMNS = 3

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    columns: {
      /** Puts the blocks of the selection into the first of so many columns. */
      setColumns: (count: number) => ReturnType
      addColumn: () => ReturnType
      /** Removes the column of the caret with what is in it; the last but one takes the columns away. */
      removeColumn: () => ReturnType
      /** The content of all columns, one below the other. */
      unsetColumns: () => ReturnType
    }
  }
}

/** Depth of the innermost columns around a position; 0 if there are none. */
export function columnsAround($pos: ResolvedPos): number {
  for (let depth = $pos.depth; depth > 0; depth -= 1) if ($pos.node(depth).type.name === 'columns') return depth
  return 0
}

function blocksOf(columns: Tree, without = -1): Tree[] {
  return columns.children.flatMap((column, at) => (at === without ? [] : [...column.children]))
}

export const Column = Node.create({
  name: 'column',
  content: 'block*',
  defining: true,
  isolating: true,
  selectable: false,
  parseHTML: () => [{ tag: 'div[data-type="column"]' }],
  renderHTML: ({ HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes, { 'data-type': 'column', class: 'column' }), 0],
})

export const Columns = Node.create({
  name: 'columns',
  group: 'block',
  content: 'column*',
  defining: true,
  isolating: true,
  parseHTML: () => [{ tag: 'div[data-type="columns"]' }],
  renderHTML: ({ HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes, { 'data-type': 'columns', class: 'columns' }), 0],

  addCommands() {
    return {
      setColumns: count => ({ tr, state, dispatch }) => {
        const { schema } = state
        const range = tr.selection.$from.blockRange(tr.selection.$to)
        if (range === null) return false
        const first = schema.node('column', null, tr.doc.slice(range.start, range.end).content)
        const others = Array.from({ length: count - 1 }, () => schema.node('column', null, schema.node('paragraph')))
        const columns = schema.node('columns', null, [first, ...others])
        if (!range.parent.canReplaceWith(range.startIndex, range.endIndex, columns.type)) return false
        if (dispatch) {
          tr.replaceRangeWith(range.start, range.end, columns)
          tr.setSelection(TextSelection.near(tr.doc.resolve(range.start + 2))).scrollIntoView()
        }
        return true
      },
      addColumn: () => ({ tr, state, dispatch }) => {
        const { $from } = tr.selection
        const depth = columnsAround($from)
        if (depth === 0 || $from.node(depth).childCount >= MOST_COLUMNS) return false
        if (dispatch) {
          const at = $from.depth > depth ? $from.after(depth + 1) : $from.end(depth)
          tr.insert(at, state.schema.node('column', null, state.schema.node('paragraph')))
          tr.setSelection(TextSelection.near(tr.doc.resolve(at + 2)))
        }
        return true
      },
      removeColumn: () => ({ tr, dispatch }) => {
        const { $from } = tr.selection
        const depth = columnsAround($from)
        if (depth === 0 || $from.depth <= depth) return false
        if (dispatch) {
          const columns = $from.node(depth)
          const at = $from.before(depth)
          if (columns.childCount > 2) tr.delete($from.before(depth + 1), $from.after(depth + 1))
          else tr.replaceWith(at, $from.after(depth), blocksOf(columns, $from.index(depth)))
          tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(at + 1, tr.doc.content.size))))
        }
        return true
      },
      unsetColumns: () => ({ tr, dispatch }) => {
        const { $from } = tr.selection
        const depth = columnsAround($from)
        if (depth === 0) return false
        if (dispatch) {
          const at = $from.before(depth)
          tr.replaceWith(at, $from.after(depth), blocksOf($from.node(depth)))
          tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(at + 1, tr.doc.content.size))))
        }
        return true
      },
    }
  },

  addInputRules() {
    return [
      new InputRule({
        find: /^:::columns\s$/,
        handler: ({ chain, range }) => {
          chain().deleteRange(range).setColumns(2).run()
        },
      }),
    ]
  },
})
