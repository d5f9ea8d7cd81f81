/**
 * ProseMirror on a lesson's document. Our own form of Tiptap's Collaboration extension: the undo manager belongs to the
 * document, not to the view, and nothing is written unless the person changed something.
 */

import { Extension, type Editor } from '@tiptap/core'
import { Plugin, type EditorState, type Transaction } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { redo, undo, ySyncPlugin, ySyncPluginKey, yUndoPlugin, yUndoPluginKey } from '@tiptap/y-tiptap'
import type * as Y from 'yjs'

export interface BindingOptions {
  body: Y.XmlFragment
  undo: Y.UndoManager
  /** The author's own order of steps, of which those of this lesson are a part. */
  history: ((way: 'undo' | 'redo') => void) | undefined
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

/** The next change begins a step of the undo of its own. */
export function newStep(state: EditorState): void {
  const undoing = yUndoPluginKey.getState(state) as { undoManager?: Y.UndoManager } | undefined
  undoing?.undoManager?.stopCapturing()
}

/** Dispatches a change that is undone by itself: neither with what was typed before it, nor with what comes after. */
export function asOneStep(editor: Editor, tr: Transaction): void {
  newStep(editor.state)
  editor.view.dispatch(tr)
  newStep(editor.state)
}

let writing = false

/** Whether a change from the document is this person's own, written to it directly: not an edit of somebody else. */
export function isOwnWriting(): boolean {
  return writing
}

/**
 * Writes to the document itself, in one step of the undo. For what y-tiptap's comparison would write as a change of every
 * block that it passes: moving one. What others write into the blocks beside it stays where it was meant.
 */
export function writeDirectly(editor: Editor, body: Y.XmlFragment, write: () => void): void {
  newStep(editor.state)
  writing = true
  try {
    body.doc?.transact(write, ySyncPluginKey)
  } finally {
    writing = false
  }
  newStep(editor.state)
}

/** The body that an editor shows. */
export function bodyOf(editor: Editor): Y.XmlFragment | null {
  return (ySyncPluginKey.getState(editor.state) as { type?: Y.XmlFragment } | undefined)?.type ?? null
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
    const go = (way: 'undo' | 'redo') => () => {
      const { history } = this.options
      if (history !== undefined) history(way)
      else this.editor.commands[way]()
      return true
    }
    return {
      // Before the keys of code and callouts: what a shortcut has just made is taken back first.
      Backspace: () => this.editor.commands.undoInputRule(),
      'Mod-z': go('undo'),
      'Mod-y': go('redo'),
      'Shift-Mod-z': go('redo'),
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
