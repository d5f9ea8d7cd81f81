/**
 * ProseMirror on a lesson's document. Our own form of Tiptap's Collaboration extension: the undo manager belongs to the
 * document, not to the view, and nothing is written unless the person changed something.
 */

import { Extension } from '@tiptap/core'
import { Plugin, type EditorState } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { redo, undo, ySyncPlugin, ySyncPluginKey, yUndoPlugin } from '@tiptap/y-tiptap'
import type * as Y from 'yjs'

export interface BindingOptions {
  body: Y.XmlFragment
  undo: Y.UndoManager
}

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    binding: {
      undo: () => ReturnType
      redo: () => ReturnType
    }
  }
}

/** Whether a transaction only shows what the document has become. */
export function isFromDocument(transaction: { getMeta(key: unknown): unknown }): boolean {
  return transaction.getMeta(ySyncPluginKey) !== undefined
}

/**
 * y-tiptap compares the whole body with the document after each update of the view, a mere click included, and writes what
 * differs. Here it does so only when the body changed: cheaper, and a click can never write.
 */
function writeOnChangeOnly(plugin: Plugin): Plugin {
  const view = plugin.spec.view
  if (view === undefined) return plugin
  plugin.spec.view = (editorView: EditorView) => {
    const inner = view.call(plugin, editorView)
    return {
      ...inner,
      update: (current: EditorView, before: EditorState) => {
        if (current.state.doc !== before.doc) inner.update?.(current, before)
      },
    }
  }
  return plugin
}

export const Binding = Extension.create<BindingOptions>({
  name: 'binding',
  priority: 1000,

  addCommands() {
    return {
      undo: () => ({ tr, state, dispatch }) => {
        tr.setMeta('preventDispatch', true)
        if (this.options.undo.undoStack.length === 0) return false
        if (dispatch) undo(state)
        return true
      },
      redo: () => ({ tr, state, dispatch }) => {
        tr.setMeta('preventDispatch', true)
        if (this.options.undo.redoStack.length === 0) return false
        if (dispatch) redo(state)
        return true
      },
    }
  },

  addKeyboardShortcuts() {
    // Handled even with an empty stack: the webview's own undo would change the page behind the document's back.
    return {
      'Mod-z': () => this.editor.commands.undo() || true,
      'Mod-y': () => this.editor.commands.redo() || true,
      'Shift-Mod-z': () => this.editor.commands.redo() || true,
    }
  },

  addProseMirrorPlugins() {
    const manager = this.options.undo
    return [
      writeOnChangeOnly(ySyncPlugin(this.options.body)),
      yUndoPlugin({ undoManager: manager as never }),
      new Plugin({
        // An input rule is a step of its own: undo gives back the characters that were typed.
        filterTransaction: transaction => {
          if (transaction.getMeta('inputRule') !== undefined) manager.stopCapturing()
          return true
        },
      }),
    ]
  },
})
