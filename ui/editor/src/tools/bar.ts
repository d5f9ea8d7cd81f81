/** A bar of tools over the block that holds the caret. */

import type { Editor } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'
import { el, roving } from '../dom.js'
import { Popup } from './popup.js'

/** How near the top of the window a bar comes, in pixels: above it is the bar of the app. */
const TOP = 96

/** The bar: `kind` is a class of its own, `over` finds the block that it stands over, if there is one now. */
export function toolBar(
  editor: Editor, kind: string, label: string, tools: HTMLElement[], over: () => globalThis.Node | null,
): Plugin {
  const bar = el('div', { class: `bubble table-tools ${kind}`, role: 'toolbar', 'aria-label': label }, ...tools)
  roving(bar, () => editor.commands.focus())
  return new Plugin({
    view: () => {
      const popup = new Popup(editor, bar, 'above')
      const update = () => {
        const { view } = editor
        const block = view.editable && (view.hasFocus() || bar.contains(document.activeElement)) ? over() : null
        if (!(block instanceof HTMLElement)) return popup.hide()
        const box = block.getBoundingClientRect()
        // Above the block while its head is in sight, else at the top of the window.
        popup.show({ left: box.left, top: Math.max(box.top, TOP), bottom: box.bottom })
      }
      const leave = () => setTimeout(() => {
        if (!editor.isDestroyed && !editor.view.hasFocus() && !bar.contains(document.activeElement)) popup.hide()
      })
      editor.on('blur', leave)
      return { update, destroy: () => { editor.off('blur', leave); popup.destroy() } }
    },
  })
}

/** Takes the keyboard to a bar that is shown; false if it is not. */
export function focusBar(editor: Editor, kind: string): boolean {
  const first = editor.view.dom.parentElement?.querySelector<HTMLElement>(`.${kind}:not([hidden]) button:not(:disabled)`)
  first?.focus()
  return first !== null && first !== undefined
}
