/**
 * The keys at the edges of what keeps its content to itself (summaries, details, columns): without them the webview would
 * join across the edge by its own means.
 */

import { Extension } from '@tiptap/core'
import type { ResolvedPos } from '@tiptap/pm/model'
import { TextSelection, type Transaction } from '@tiptap/pm/state'

const ROOMS = new Set(['detailsSummary', 'detailsContent', 'column'])

/** Depth of the innermost room around a position; 0 if none, or if a table's cell lies between. */
function roomAround($pos: ResolvedPos): number {
  for (let depth = $pos.depth; depth > 0; depth -= 1) {
    const { name, spec } = $pos.node(depth).type
    if (ROOMS.has(name)) return depth
    if (spec.isolating === true) return 0
  }
  return 0
}

/** Whether a position is the very first (or last) of the node at a depth. */
function atEdge($pos: ResolvedPos, depth: number, side: 'start' | 'end'): boolean {
  for (let at = depth; at < $pos.depth; at += 1) {
    if ($pos.index(at) !== (side === 'start' ? 0 : $pos.node(at).childCount - 1)) return false
  }
  return $pos.parentOffset === (side === 'start' ? 0 : $pos.parent.content.size)
}

function isEmptyParagraph($pos: ResolvedPos): boolean {
  return $pos.parent.type.name === 'paragraph' && $pos.parent.content.size === 0
}

export const Edges = Extension.create({
  name: 'edges',
  priority: 150,

  addKeyboardShortcuts() {
    const at = (run: ($from: ResolvedPos, room: number, tr: Transaction) => boolean) => () => {
      const { state, view } = this.editor
      const { $from, empty } = state.selection
      const room = empty && state.selection instanceof TextSelection ? roomAround($from) : 0
      if (room === 0) return false
      const { tr } = state
      if (!run($from, room, tr)) return false
      if (tr.docChanged || tr.selectionSet) view.dispatch(tr.scrollIntoView())
      return true
    }

    const enter = at(($from, room, tr) => {
      const { name } = $from.node(room).type
      if (name === 'detailsSummary') {
        // What stands behind the caret begins the content.
        const details = $from.node(room - 1)
        const next = $from.index(room - 1) + 1 < details.childCount ? details.child($from.index(room - 1) + 1) : null
        const rest = $from.parent.cut($from.parentOffset).content
        const { schema } = tr.doc.type
        tr.delete($from.pos, $from.end())
        const behind = tr.mapping.map($from.after(room))
        const first = next?.firstChild ?? null
        if (next === null) tr.insert(behind, schema.node('detailsContent', null, schema.node('paragraph', null, rest)))
        else if (rest.size > 0 || first?.type.name !== 'paragraph' || first.content.size > 0) tr.insert(behind + 1, schema.node('paragraph', null, rest))
        tr.setSelection(TextSelection.create(tr.doc, behind + 2))
        return true
      }
      // From an empty last paragraph, out behind the whole.
      const last = $from.index(room - 1) === $from.node(room - 1).childCount - 1
      const alone = $from.node(room).childCount === 1
      if (!isEmptyParagraph($from) || $from.depth !== room + 1 || alone || !last || !atEdge($from, room, 'end')) return false
      tr.delete($from.before(), $from.after())
      const behind = tr.mapping.map($from.after(room - 1))
      tr.insert(behind, tr.doc.type.schema.node('paragraph'))
      tr.setSelection(TextSelection.create(tr.doc, behind + 1))
      return true
    })

    const backspace = at(($from, room, tr) => {
      if (!atEdge($from, room, 'start')) return false
      const { name } = $from.node(room).type
      if (name === 'detailsSummary') return this.editor.commands.unsetDetails()
      // Lists and quotes at the edge are lifted first, as elsewhere.
      if ($from.depth > room + 1) return false
      const blank = isEmptyParagraph($from) && $from.node(room).childCount === 1
      if (name === 'column' && blank) return this.editor.commands.removeColumn()
      const { schema } = tr.doc.type
      if ($from.parent.type.name === 'heading' && schema.nodes.paragraph !== undefined) {
        tr.setBlockType($from.pos, $from.pos, schema.nodes.paragraph)
        return true
      }
      // Code that is empty becomes text by its own key.
      if ($from.parent.type.spec.code === true && $from.parent.content.size === 0) return false
      const index = $from.index(room - 1)
      if (isEmptyParagraph($from) && !blank) tr.delete($from.before(), $from.after())
      if (index > 0) tr.setSelection(TextSelection.near(tr.doc.resolve($from.before(room) - 1), -1))
      return true
    })

    const remove = at(($from, room) => atEdge($from, room, 'end'))
    // A summary is one line.
    const shiftEnter = at(($from, room) => $from.node(room).type.name === 'detailsSummary' && enter())
    return { Enter: enter, 'Shift-Enter': shiftEnter, Backspace: backspace, Delete: remove }
  },
})
