/** A small bar over the columns that hold the caret. */

import { Extension } from '@tiptap/core'
import { isInTable } from '@tiptap/pm/tables'
import { iconButton } from '../dom.js'
import { MOST_COLUMNS, columnsAround } from '../nodes/columns.js'
import * as words from '../words.js'
import { focusBar, toolBar } from './bar.js'

const KIND = 'column-tools'

export const ColumnTools = Extension.create({
  name: 'columnTools',
  addKeyboardShortcuts() {
    return { 'Alt-F10': () => focusBar(this.editor, KIND) }
  },
  addProseMirrorPlugins() {
    const { editor } = this
    const add = iconButton('plus', words.columnAdd, '', () => editor.chain().focus().addColumn().run())
    const tools = [
      add,
      iconButton('fold-horizontal', words.columnRemove, '', () => editor.chain().focus().removeColumn().run()),
      iconButton('rows-2', words.columnsRemove, '', () => editor.chain().focus().unsetColumns().run()),
    ]
    return [
      toolBar(editor, KIND, words.columns, tools, () => {
        const { view, state } = editor
        const { $from, empty } = state.selection
        const depth = columnsAround($from)
        if (depth === 0 || !empty || isInTable(state)) return null
        add.disabled = $from.node(depth).childCount >= MOST_COLUMNS
        return view.nodeDOM($from.before(depth))
      }),
    ]
  },
})
