/** Tables on prosemirror-tables, written to change nothing on load. */

import { Extension, Node, mergeAttributes } from '@tiptap/core'
import { Plugin, TextSelection, type EditorState, type Transaction } from '@tiptap/pm/state'
import {
  addColumnAfter, addColumnBefore, addRowAfter, addRowBefore, deleteColumn, deleteRow, deleteTable, goToNextCell,
  isInTable, mergeCells, splitCell, tableEditing, toggleHeaderCell, toggleHeaderColumn, toggleHeaderRow,
} from '@tiptap/pm/tables'
import { isFromDocument } from '../binding.js'

const ROLES: Record<string, string> = { table: 'table', tableRow: 'row', tableCell: 'cell', tableHeader: 'header_cell' }

const COMMANDS = {
  addColumnAfter, addColumnBefore, addRowAfter, addRowBefore, deleteColumn, deleteRow, deleteTable, mergeCells, splitCell,
  toggleHeaderCell, toggleHeaderColumn, toggleHeaderRow,
}
export type TableCommand = keyof typeof COMMANDS

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    table: {
      insertTable: (rows: number, columns: number) => ReturnType
      tableCommand: (name: TableCommand) => ReturnType
    }
  }
}

function span(name: string) {
  return {
    default: 1,
    parseHTML: (e: HTMLElement) => Math.max(1, Number.parseInt(e.getAttribute(name) ?? '1', 10) || 1),
    renderHTML: (attrs: Record<string, unknown>) => (Number(attrs[name]) > 1 ? { [name]: attrs[name] } : {}),
  }
}

function cellAttributes() {
  return {
    colspan: span('colspan'),
    rowspan: span('rowspan'),
    colwidth: {
      default: null,
      parseHTML: () => null,
      rendered: false,
    },
    align: {
      default: null,
      parseHTML: (e: HTMLElement) => /^(left|center|right)$/.exec(e.getAttribute('align') ?? e.style.textAlign)?.[0] ?? null,
      renderHTML: (attrs: Record<string, unknown>) => (typeof attrs.align === 'string' ? { style: `text-align: ${attrs.align}` } : {}),
    },
  }
}

export const TableRow = Node.create({
  name: 'tableRow',
  content: '(tableCell | tableHeader)*',
  parseHTML: () => [{ tag: 'tr' }],
  renderHTML: ({ HTMLAttributes }) => ['tr', mergeAttributes(HTMLAttributes), 0],
})

export const TableCell = Node.create({
  name: 'tableCell',
  content: 'block*',
  isolating: true,
  addAttributes: cellAttributes,
  parseHTML: () => [{ tag: 'td' }],
  renderHTML: ({ HTMLAttributes }) => ['td', mergeAttributes(HTMLAttributes), 0],
})

export const TableHeader = Node.create({
  name: 'tableHeader',
  content: 'block*',
  isolating: true,
  addAttributes: cellAttributes,
  parseHTML: () => [{ tag: 'th' }],
  renderHTML: ({ HTMLAttributes }) => ['th', mergeAttributes(HTMLAttributes), 0],
})

export const Table = Node.create({
  name: 'table',
  group: 'block',
  content: 'tableRow*',
  isolating: true,
  parseHTML: () => [{ tag: 'table' }],
  renderHTML: ({ HTMLAttributes }) => ['div', { class: 'table-scroll' }, ['table', mergeAttributes(HTMLAttributes), ['tbody', 0]]],

  addCommands() {
    return {
      insertTable: (rows, columns) => ({ tr, state, dispatch }) => {
        const { schema } = state
        const row = (cell: string) => schema.node('tableRow', null,
          Array.from({ length: columns }, () => schema.node(cell, null, schema.node('paragraph'))))
        const table = schema.node('table', null, Array.from({ length: rows }, (_, i) => row(i === 0 ? 'tableHeader' : 'tableCell')))
        if (dispatch) {
          const at = tr.selection.from
          tr.replaceSelectionWith(table).scrollIntoView()
          tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(at + 1, tr.doc.content.size))))
        }
        return true
      },
      tableCommand: name => ({ state, dispatch }) => COMMANDS[name](state, dispatch),
    }
  },

  addKeyboardShortcuts() {
    const move = (step: 1 | -1) => () => {
      const { state, view } = this.editor
      if (!isInTable(state)) return false
      if (goToNextCell(step)(state, view.dispatch)) return true
      if (step < 0) return true
      // Behind the last cell: a new row.
      addRowAfter(state, view.dispatch)
      return goToNextCell(1)(this.editor.state, view.dispatch)
    }
    return { Tab: move(1), 'Shift-Tab': move(-1) }
  },

  addProseMirrorPlugins() {
    return [repairOnlyOwnEdits(tableEditing())]
  },
})

/** tableEditing repairs uneven tables wherever it meets them; here it may do so only when the person changed something. */
function repairOnlyOwnEdits(plugin: Plugin): Plugin {
  const repair = plugin.spec.appendTransaction
  plugin.spec.appendTransaction = (transactions: readonly Transaction[], before: EditorState, after: EditorState) => {
    if (transactions.some(isFromDocument)) return null
    return repair?.call(plugin, transactions, before, after) ?? null
  }
  return plugin
}

/** Tells prosemirror-tables which of our nodes are what. */
export const TableRoles = Extension.create({
  name: 'tableRoles',
  extendNodeSchema(extension) {
    const role = ROLES[extension.name]
    return role === undefined ? {} : { tableRole: role }
  },
})
