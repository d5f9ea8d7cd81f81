/** Edits of others: their background lights up for a moment. CSS leaves it out under reduced motion. */

import { Extension } from '@tiptap/core'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import { isOwnWriting } from './binding.js'
import { changeBetween } from './find/matches.js'

/** How long, in milliseconds (LOOK.md). */
const FLASH_MS = 600

const key = new PluginKey<DecorationSet>('flash')

export interface FlashOptions {
  /** Hue of whoever made the change that is being shown, if they are here. */
  hue: () => number | null
}

export const Flash = Extension.create<FlashOptions>({
  name: 'flash',
  addOptions: () => ({ hue: () => null }),
  addProseMirrorPlugins() {
    const { hue } = this.options
    let timer: ReturnType<typeof setTimeout> | undefined
    let first = true
    return [
      new Plugin<DecorationSet>({
        key,
        state: {
          init: () => DecorationSet.empty,
          apply: (tr, set, before, after) => {
            if (tr.getMeta(key) === 'clear') return DecorationSet.empty
            const change = tr.getMeta(ySyncPluginKey) as { isChangeOrigin?: boolean; isUndoRedoOperation?: boolean } | undefined
            if (change?.isChangeOrigin !== true || !tr.docChanged || change.isUndoRedoOperation === true || isOwnWriting()) return set.map(tr.mapping, tr.doc)
            if (first) {
              // The first one shows the lesson itself.
              first = false
              return DecorationSet.empty
            }
            const difference = changeBetween(before.doc, after.doc)
            if (difference === null || difference.from === difference.now) return DecorationSet.empty
            const whose = hue()
            const style = whose === null ? {} : { style: `--peer: var(--peer-${whose + 1})` }
            return DecorationSet.create(after.doc, [Decoration.inline(difference.from, difference.now, { class: 'remote-edit', ...style })])
          },
        },
        props: { decorations: state => key.getState(state) },
        view: () => ({
          update: (view, before) => {
            const set = key.getState(view.state)
            if (set === undefined || set === DecorationSet.empty || set === key.getState(before)) return
            clearTimeout(timer)
            timer = setTimeout(() => view.dispatch(view.state.tr.setMeta(key, 'clear').setMeta('addToHistory', false)), FLASH_MS)
          },
          destroy: () => clearTimeout(timer),
        }),
      }),
    ]
  },
})
