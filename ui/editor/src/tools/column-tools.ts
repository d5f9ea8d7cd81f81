/** A small bar over the columns that hold the caret. */

import { Extension } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'
import { isInTable } from '@tiptap/pm/tables'
import { el, iconButton, roving } from '../dom.js'
import { MOST_COLUMNS, columnsAround } from '../nodes/columns.js'
import * as words from '../words.js'
import { Popup } from './popup.js'

export const ColumnTools = Extension.create({
  name: 'columnTools',
  addKeyboardShortcuts() {
    return {
      'Alt-F10': () => {
        const bar = this.editor.view.dom.parentElement?.querySelector<HTMLElement>('.column-tools:not([hidden]) button:not(:disabled)')
        bar?.focus()
        return bar !== null && bar !== undefined
      },
    }
  },
  addProseMirrorPlugins() {
    const editor = this.editor
    const add = iconButton('plus', words.columnAdd, '', () => editor.chain().focus().addColumn().run())
    const bar = el('div', { class: 'bubble table-tools column-tools', role: 'toolbar', 'aria-label': words.columns },
      add,
      iconButton('fold-horizontal', words.columnRemove, '', () => editor.chain().focus().removeColumn().run()),
      iconButton('rows-2', words.columnsRemove, '', () => editor.chain().focus().unsetColumns().run()))
    roving(bar, () => editor.commands.focus())
    return [
      new Plugin({
        view: () => {
          const popup = new Popup(editor, bar, 'above')
          const update = () => {
            const { view, state } = editor
            const depth = columnsAround(state.selection.$from)
            const here = view.hasFocus() || bar.contains(document.activeElement)
            if (!view.editable || depth === 0 || !here || !state.selection.empty || isInTable(state)) return popup.hide()
            const dom = view.nodeDOM(state.selection.$from.before(depth))
            if (!(dom instanceof HTMLElement)) return popup.hide()
            add.disabled = state.selection.$from.node(depth).childCount >= MOST_COLUMNS
            const box = dom.getBoundingClientRect()
            popup.show({ left: box.left, top: Math.max(box.top, 96), bottom: box.bottom })
          }
          const leave = () => setTimeout(() => {
            if (!editor.isDestroyed && !editor.view.hasFocus() && !bar.contains(document.activeElement)) popup.hide()
          })
          editor.on('blur', leave)
          return { update, destroy: () => { editor.off('blur', leave); popup.destroy() } }
        },
      }),
    ]
  },
})
