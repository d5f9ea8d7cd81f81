/** What is moved, copied or removed as one: a block of the lesson, or an item of a list. */

import type { Node, ResolvedPos } from '@tiptap/pm/model'
import * as Y from 'yjs'

export interface Unit {
  pos: number
  node: Node
  /** Indexes from the body down, through blocks only: the same in the document of Yjs. */
  path: number[]
}

const LISTS = new Set(['bulletList', 'orderedList', 'taskList'])
const ITEMS = new Set(['listItem', 'taskItem'])
/** Frames for blocks: they are units themselves, and so is each block in them. */
const FRAMES = new Set(['columns', 'details'])
/** Parts of frames: no units, their blocks are. */
const PARTS = new Set(['column', 'detailsContent'])
/** Blocks that are held as one by the mouse, and by the keyboard only while they hold one block. */
const BOXES = new Set(['blockquote', 'callout', 'note', 'instructorNote'])

export const isList = (node: Node): boolean => LISTS.has(node.type.name)
export const isItem = (node: Node): boolean => ITEMS.has(node.type.name)
/** Whether blocks can be dropped into it. */
export const isFrame = (node: Node): boolean => FRAMES.has(node.type.name) || PARTS.has(node.type.name) || node.type.name === 'callout'

function opens(node: Node, inner: boolean): boolean {
  const { name } = node.type
  return LISTS.has(name) || ITEMS.has(name) || FRAMES.has(name) || PARTS.has(name) || (inner && BOXES.has(name) && node.childCount > 1)
}

/** The unit at a position; `inner` also looks into quotes and callouts that hold several blocks. */
export function unitAt($pos: ResolvedPos, inner = false): Unit | null {
  let unit: Unit | null = null
  const path: number[] = []
  for (let depth = 0; depth <= $pos.depth; depth += 1) {
    const holder = $pos.node(depth)
    const at = Math.min($pos.index(depth), holder.childCount - 1)
    if (at < 0) break
    const node = holder.child(at)
    if (!node.isBlock) break
    path.push(at)
    // What an item holds belongs to it, but for lists in it.
    if (ITEMS.has(holder.type.name) && !LISTS.has(node.type.name)) break
    if (holder.type.name === 'details' && !PARTS.has(node.type.name)) break
    if (!LISTS.has(node.type.name) && !PARTS.has(node.type.name)) unit = { pos: $pos.posAtIndex(at, depth), node, path: [...path] }
    if (!opens(node, inner)) break
  }
  return unit
}

/** The units that a range covers, beside each other in one holder; `null` when it covers none. */
export function unitsOf($from: ResolvedPos, $to: ResolvedPos): Unit[] {
  const first = unitAt($from, true)
  const last = unitAt($to, true)
  if (first === null || last === null) return []
  const shared = first.path.findIndex((at, depth) => at !== last.path[depth])
  if (shared < 0) return [first]
  // Apart from here on: from the unit of the first to the unit of the last at that depth.
  let holder: Node = $from.doc
  let start = 0
  for (const at of first.path.slice(0, shared)) {
    for (let before = 0; before < at; before += 1) start += holder.child(before).nodeSize
    start += 1
    holder = holder.child(at)
  }
  const [from, to] = [first.path[shared] ?? 0, last.path[shared] ?? first.path[shared] ?? 0]
  const units: Unit[] = []
  holder.forEach((node, offset, at) => {
    if (at >= from && at <= to) units.push({ pos: start + offset, node, path: [...first.path.slice(0, shared), at] })
  })
  return units.some(unit => PARTS.has(unit.node.type.name) || LISTS.has(unit.node.type.name) && shared > 0) ? [first] : units
}

type Holder = Y.XmlFragment | Y.XmlElement

function blocksOf(holder: Holder): Y.XmlElement[] {
  return holder.toArray().filter((child): child is Y.XmlElement => child instanceof Y.XmlElement)
}

/** The element of a unit in the document. */
export function elementOf(body: Y.XmlFragment, path: readonly number[]): Y.XmlElement | null {
  let holder: Holder = body
  for (const at of path) {
    const next: Y.XmlElement | undefined = blocksOf(holder)[at]
    if (next === undefined) return null
    holder = next
  }
  return holder instanceof Y.XmlElement ? holder : null
}

/** The way down to an element; `null` when it was removed. */
export function pathOf(body: Y.XmlFragment, element: Y.XmlElement): number[] | null {
  const path: number[] = []
  let at: Y.XmlElement = element
  for (;;) {
    if (at._item?.deleted !== false) return null
    const holder = at.parent as Holder | null
    if (holder === null) return null
    const index = blocksOf(holder).indexOf(at)
    if (index < 0) return null
    path.unshift(index)
    if (holder === body) return path
    if (!(holder instanceof Y.XmlElement)) return null
    at = holder
  }
}

/** The unit that a path leads to. */
export function unitOn(doc: Node, path: readonly number[]): Unit | null {
  let node = doc
  let pos = -1
  for (const at of path) {
    if (at >= node.childCount) return null
    pos += 1
    for (let before = 0; before < at; before += 1) pos += node.child(before).nodeSize
    node = node.child(at)
  }
  return path.length === 0 ? null : { pos, node, path: [...path] }
}

/** A place for blocks: in this holder, before this element, or at its end. */
export interface Place {
  holder: Holder
  before: Y.XmlElement | null
}

/**
 * Puts blocks elsewhere, as copies: Yjs cannot move. Nothing else in the document is touched. Items that come to stand
 * among blocks get a list of their kind around them. Returns the first copy.
 */
export function moveElements(elements: readonly Y.XmlElement[], place: Place): Y.XmlElement | null {
  const [first] = elements
  if (first === undefined) return null
  const copies = elements.map(element => element.clone())
  const wrapped = ITEMS.has(first.nodeName) && !(place.holder instanceof Y.XmlElement && LISTS.has(place.holder.nodeName))
  let put = copies
  if (wrapped) {
    const list = new Y.XmlElement(first.parent instanceof Y.XmlElement ? first.parent.nodeName : 'bulletList')
    list.insert(0, copies)
    put = [list]
  }
  const at = place.before === null ? place.holder.length : place.holder.toArray().indexOf(place.before)
  place.holder.insert(Math.max(0, at), put)
  for (const element of elements) removeElement(element)
  return copies[0] ?? null
}

/** Removes a block; what would be left empty goes too, or gets a paragraph to write in. */
function removeElement(element: Y.XmlElement): void {
  const holder = element.parent as Holder
  holder.delete(holder.toArray().indexOf(element), 1)
  if (!(holder instanceof Y.XmlElement) || blocksOf(holder).length > 0) return
  if (LISTS.has(holder.nodeName)) removeElement(holder)
  else holder.insert(0, [new Y.XmlElement('paragraph')])
}
