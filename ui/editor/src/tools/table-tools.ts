/** A small bar over the table that holds the caret. */

import { Extension } from '@tiptap/core'
import { isInTable, selectedRect } from '@tiptap/pm/tables'
import { iconButton } from '../dom.js'
import type { TableCommand } from '../nodes/table.js'
import * as words from '../words.js'
import { focusBar, toolBar } from './bar.js'

const TOOLS: [icon: string, label: string, command: TableCommand][] = [
  ['arrow-up-to-line', 'Row above', 'addRowBefore'],
  ['arrow-down-to-line', 'Row below', 'addRowAfter'],
  ['arrow-left-to-line', 'Column left', 'addColumnBefore'],
  ['arrow-right-to-line', 'Column right', 'addColumnAfter'],
  ['panel-top', 'Header row', 'toggleHeaderRow'],
  ['panel-left', 'Header column', 'toggleHeaderColumn'],
  ['square-check', 'Header cell', 'toggleHeaderCell'],
  ['fold-vertical', 'Remove row', 'deleteRow'],
  ['fold-horizontal', 'Remove column', 'deleteColumn'],
  ['trash-2', 'Remove table', 'deleteTable'],
]

/** Its place in the page, and its name for the keyboard. */
const KIND = 'tools-of-table'

export const TableTools = Extension.create({
  name: 'tableTools',
  addKeyboardShortcuts() {
    return { 'Alt-F10': () => focusBar(this.editor, KIND) }
  },
  addProseMirrorPlugins() {
    const { editor } = this
    const tools = TOOLS.map(([name, label, command]) => iconButton(name, label, '', () => editor.chain().focus().tableCommand(command).run()))
    return [
      toolBar(editor, KIND, words.table, tools, () => {
        const { view, state } = editor
        const isText = !state.selection.empty && 'ranges' in state.selection && state.selection.ranges.length === 1
        return isInTable(state) && !isText ? view.nodeDOM(selectedRect(state).tableStart - 1) : null
      }),
    ]
  },
})
