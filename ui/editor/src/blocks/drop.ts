/** Where a dragged block would go. All boxes are in the window's pixels. */

import type { Node } from '@tiptap/pm/model'
import type { EditorView } from '@tiptap/pm/view'
import { isFrame, isItem, isList, type Unit } from './unit.js'

export interface Drop {
  /** Way to the holder, and the index in it. */
  holder: number[]
  index: number
  /** The line that shows it. */
  line: { left: number; top: number; width: number }
}

/** At the upper and lower edge of a frame one means beside it, not into it: this much in pixels, or a fifth of a low one. */
const EDGE = 10

interface Child {
  node: Node
  pos: number
  index: number
  box: DOMRect
}

function childrenOf(view: EditorView, holder: Node, start: number): Child[] {
  const children: Child[] = []
  holder.forEach((node, offset, index) => {
    const dom = view.nodeDOM(start + offset)
    if (dom instanceof HTMLElement) children.push({ node, pos: start + offset, index, box: dom.getBoundingClientRect() })
  })
  return children
}

/** The child that a point is nearest to: first by its height, and among those beside each other by its side. */
function nearest(children: readonly Child[], x: number, y: number): Child | null {
  let best: Child | null = null
  let least = Infinity
  for (const child of children) {
    const { box } = child
    const dy = Math.max(box.top - y, 0, y - box.bottom)
    const dx = Math.max(box.left - x, 0, x - box.right)
    const far = dy * 10_000 + dx
    if (far < least) {
      best = child
      least = far
    }
  }
  return best
}

function fits(holder: Node, index: number, moved: Unit, list: Node | null): boolean {
  if (isItem(moved.node)) return isList(holder) ? holder.canReplaceWith(index, index, moved.node.type) : list !== null && holder.canReplaceWith(index, index, list.type)
  return !isList(holder) && holder.canReplaceWith(index, index, moved.node.type)
}

/** The place for a dragged unit at a point; `list` holds it, if it is an item. `null` where it cannot go. */
export function dropAt(view: EditorView, moved: Unit, list: Node | null, x: number, y: number): Drop | null {
  const source = (path: readonly number[]) => path.length === moved.path.length && path.every((at, depth) => at === moved.path[depth])
  const seek = (holder: Node, start: number, path: number[], frame: DOMRect): Drop | null => {
    const children = childrenOf(view, holder, start)
    const child = nearest(children, x, y)
    if (child === null) return fits(holder, 0, moved, list) ? { holder: path, index: 0, line: { left: frame.left, top: frame.top, width: frame.width } } : null
    const { node, box, index } = child
    const below = [...path, index]
    const into = () => seek(node, child.pos + 1, below, box)
    if (!source(below)) {
      const edge = Math.min(EDGE, box.height / 5)
      const inside = y > box.top + edge && y < box.bottom - edge
      const listed = isItem(moved.node) && (isList(node) || isItem(node) && node.lastChild !== null && isList(node.lastChild) && y > firstBottom(view, child))
      if (listed) {
        const found = isItem(node) ? lastList(view, node, child, below) : into()
        if (found !== null) return found
      } else if (isFrame(node) && (inside || node.type.name === 'column' || node.type.name === 'detailsContent')) {
        const found = into()
        if (found !== null) return found
      }
    }
    const after = y > (box.top + box.bottom) / 2
    const at = after ? index + 1 : index
    if (!fits(holder, at, moved, list)) return null
    const next = children.find(other => other.index === index + 1)
    const before = children.find(other => other.index === index - 1)
    const top = after ? (next === undefined ? box.bottom + 2 : (box.bottom + next.box.top) / 2) : before === undefined ? box.top - 2 : (before.box.bottom + box.top) / 2
    return { holder: path, index: at, line: { left: box.left, top, width: box.width } }
  }
  const lastList = (_view: EditorView, item: Node, child: Child, path: number[]): Drop | null => {
    const at = item.childCount - 1
    const pos = child.pos + item.nodeSize - 1 - item.child(at).nodeSize
    return seek(item.child(at), pos + 1, [...path, at], child.box)
  }
  return seek(view.state.doc, 0, [], view.dom.getBoundingClientRect())
}

/** Where the text of an item ends and its lists begin. */
function firstBottom(view: EditorView, item: Child): number {
  const dom = view.nodeDOM(item.pos + 1)
  return dom instanceof HTMLElement ? dom.getBoundingClientRect().bottom : item.box.bottom
}
