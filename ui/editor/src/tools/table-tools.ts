/** A small bar over the table that holds the caret. */

import { Extension } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'
import { isInTable, selectedRect } from '@tiptap/pm/tables'
import { el, iconButton, roving } from '../dom.js'
import type { TableCommand } from '../nodes/table.js'
import * as words from '../words.js'
import { Popup } from './popup.js'

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

export const TableTools = Extension.create({
  name: 'tableTools',
  addKeyboardShortcuts() {
    return {
      'Alt-F10': () => {
        const bar = this.editor.view.dom.parentElement?.querySelector<HTMLElement>('.table-tools:not([hidden]) button')
        bar?.focus()
        return bar !== null && bar !== undefined
      },
    }
  },
  addProseMirrorPlugins() {
    const editor = this.editor
    const bar = el('div', { class: 'bubble table-tools', role: 'toolbar', 'aria-label': words.table },
      ...TOOLS.map(([name, label, command]) => iconButton(name, label, '', () => editor.chain().focus().tableCommand(command).run())))
    roving(bar, () => editor.commands.focus())
    return [
      new Plugin({
        view: () => {
          const popup = new Popup(editor, bar, 'above')
          const update = () => {
            const { view, state } = editor
            const inside = bar.contains(document.activeElement)
            if (!view.editable || !isInTable(state) || !(view.hasFocus() || inside) || (!state.selection.empty && 'ranges' in state.selection && state.selection.ranges.length === 1)) {
              popup.hide()
              return
            }
            const table = view.nodeDOM(selectedRect(state).tableStart - 1)
            if (!(table instanceof HTMLElement)) return popup.hide()
            const box = table.getBoundingClientRect()
            // Above the table while its head is in sight, else at the top of the window.
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
