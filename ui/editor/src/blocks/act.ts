/** What is done to a block: moving, copying, removing, turning it into another kind. */

import type { ChainedCommands, Editor } from '@tiptap/core'
import { NodeSelection, Selection, TextSelection } from '@tiptap/pm/state'
import type * as Y from 'yjs'
import { asOneStep, bodyOf, newStep, writeDirectly } from '../binding.js'
import { directTexts, type Direction } from '../nodes/direction.js'
import * as words from '../words.js'
import { type Place, type Unit, elementOf, isItem, moveElements, pathOf, unitOn, unitsOf } from './unit.js'

/** The caret into a block, or the block itself when it has no text. */
function enter(editor: Editor, unit: Unit, offset: number | null): void {
  const { doc } = editor.state
  const end = unit.pos + unit.node.nodeSize
  const within = offset === null ? null : Math.min(unit.pos + offset, end - 1)
  let selection: Selection
  if (unit.node.isAtom && NodeSelection.isSelectable(unit.node)) selection = NodeSelection.create(doc, unit.pos)
  else if (within !== null && within > unit.pos && doc.resolve(within).parent.inlineContent) selection = TextSelection.create(doc, within)
  else selection = Selection.near(doc.resolve(unit.pos + 1))
  editor.view.dispatch(editor.state.tr.setSelection(selection).scrollIntoView())
}

/** Moves blocks that stand beside each other. The caret stays in them. Returns the first one where it is now. */
export function moveUnits(editor: Editor, elements: readonly Y.XmlElement[], place: Place): Unit | null {
  const body = bodyOf(editor)
  if (body === null || !editor.isEditable || elements.length === 0) return null
  const paths = elements.map(element => pathOf(body, element))
  // What somebody else has removed must not come back by a drag.
  if (paths.includes(null)) return null
  const { from } = editor.state.selection
  // How far into which of them the caret is.
  const held = paths.map(path => (path === null ? null : unitOn(editor.state.doc, path)))
  const at = held.findIndex(unit => unit !== null && from >= unit.pos && from <= unit.pos + unit.node.nodeSize)
  const offset = at < 0 ? null : from - (held[at]?.pos ?? from)
  let copy: Y.XmlElement | null = null
  writeDirectly(editor, body, () => {
    copy = moveElements(elements, place)
  })
  const path = copy === null ? null : pathOf(body, copy)
  const moved = path === null ? null : unitOn(editor.state.doc, path)
  if (moved === null || path === null) return null
  const last = path[path.length - 1] ?? 0
  const entered = at > 0 ? unitOn(editor.state.doc, [...path.slice(0, -1), last + at]) : moved
  enter(editor, entered ?? moved, offset)
  return moved
}

/** Moves the blocks of the selection one place up or down; what is then said to a screen reader. */
export function moveByKey(editor: Editor, by: 1 | -1): string | null {
  const body = bodyOf(editor)
  const { $from, $to } = editor.state.selection
  const units = unitsOf($from, $to)
  const [first] = units
  const last = units[units.length - 1]
  if (body === null || first === undefined || last === undefined || !editor.isEditable) return null
  const elements = units.map(unit => elementOf(body, unit.path)).filter(element => element !== null)
  const at = (by < 0 ? first : last).path
  const index = at[at.length - 1] ?? 0
  const beside = elementOf(body, [...at.slice(0, -1), index + by])
  const holder = elements[0]?.parent as Place['holder'] | null | undefined
  if (beside === null || holder === null || holder === undefined) return by < 0 ? words.isFirst : words.isLast
  const before = by < 0 ? beside : elementOf(body, [...at.slice(0, -1), index + 2])
  const moved = moveUnits(editor, elements, { holder, before })
  return moved === null ? null : movedWords(editor, moved)
}

/** Where a block is now, for a screen reader. */
export function movedWords(editor: Editor, unit: Unit): string {
  const holder = editor.state.doc.resolve(unit.pos).parent
  return words.movedTo((unit.path[unit.path.length - 1] ?? 0) + 1, holder.childCount)
}

export function duplicate(editor: Editor, unit: Unit): void {
  const { tr } = editor.state
  const at = unit.pos + unit.node.nodeSize
  tr.insert(at, unit.node.copy(unit.node.content))
  tr.setSelection(unit.node.isAtom ? NodeSelection.create(tr.doc, at) : Selection.near(tr.doc.resolve(at + 1)))
  asOneStep(editor, tr.scrollIntoView())
}

export function remove(editor: Editor, unit: Unit): void {
  const { tr, doc, schema } = editor.state
  const end = unit.pos + unit.node.nodeSize
  if (doc.childCount === 1 && unit.path.length === 1) tr.replaceWith(unit.pos, end, schema.node('paragraph'))
  else tr.delete(unit.pos, end)
  tr.setSelection(Selection.near(tr.doc.resolve(Math.min(unit.pos, tr.doc.content.size)), unit.pos === 0 ? 1 : -1))
  asOneStep(editor, tr.scrollIntoView())
}

export function direct(editor: Editor, unit: Unit, direction: Direction | null): void {
  const { tr } = editor.state
  directTexts(tr, unit.pos, unit.pos + unit.node.nodeSize, direction)
  asOneStep(editor, tr)
}

/** How a block's text runs: as its first text says. */
export function directionOf(unit: Unit): Direction | null | undefined {
  let found: Direction | null | undefined
  const look = (node: Unit['node']) => {
    if (found === undefined && 'dir' in node.attrs && node.isTextblock) found = node.attrs.dir as Direction | null
  }
  look(unit.node)
  unit.node.descendants(look)
  return found
}

export interface Kind {
  name: string
  label: string
  icon: string
  keys: string
  run(chain: ChainedCommands): ChainedCommands
}

const heading = (level: 2 | 3 | 4): Kind => ({
  name: `heading-${level}`, label: `Heading ${level}`, icon: `heading-${level}`, keys: `Mod+Alt+${level}`, run: c => c.setHeading({ level }),
})

/** What a block of text can be turned into. */
export const KINDS: Kind[] = [
  { name: 'paragraph', label: 'Text', icon: 'pilcrow', keys: 'Mod+Alt+0', run: c => c.setParagraph() },
  heading(2), heading(3), heading(4),
  { name: 'bulletList', label: 'Bulleted list', icon: 'list', keys: 'Mod+Shift+8', run: c => c.toggleBulletList() },
  { name: 'orderedList', label: 'Numbered list', icon: 'list-ordered', keys: 'Mod+Shift+7', run: c => c.toggleOrderedList() },
  { name: 'taskList', label: 'Task list', icon: 'list-checks', keys: 'Mod+Shift+9', run: c => c.toggleTaskList() },
  { name: 'blockquote', label: 'Quote', icon: 'quote', keys: 'Mod+Shift+B', run: c => c.wrapIn('blockquote') },
  { name: 'callout', label: 'Callout', icon: 'info', keys: '', run: c => c.setCallout('note') },
  { name: 'codeBlock', label: 'Code block', icon: 'square-code', keys: 'Mod+Alt+C', run: c => c.setCodeBlock() },
]

const TURNS = new Set(['paragraph', 'heading', 'listItem', 'taskItem', 'blockquote', 'callout', 'codeBlock'])

/** The kind of a block, `null` for one that cannot be turned into another. */
export function kindOf(editor: Editor, unit: Unit): string | null {
  const { name } = unit.node.type
  if (!TURNS.has(name)) return null
  if (name === 'heading') return `heading-${String(unit.node.attrs.level)}`
  return isItem(unit.node) ? editor.state.doc.resolve(unit.pos).parent.type.name : name
}

/** Turns a block into another kind, in one step of the undo. */
export function turnInto(editor: Editor, unit: Unit, kind: Kind): void {
  if (kindOf(editor, unit) === kind.name) return
  const { doc } = editor.state
  const caret = editor.state.selection.from
  const kept = caret > unit.pos && caret < unit.pos + unit.node.nodeSize ? caret : null
  const inside = TextSelection.between(doc.resolve(unit.pos + 1), doc.resolve(unit.pos + unit.node.nodeSize - 1))
  const wraps = kind.name === 'blockquote' || kind.name === 'callout'
  const isListed = /List$/.test(kind.name)
  oneStep(editor, chain => {
    const selected = chain.setTextSelection({ from: inside.from, to: inside.to })
    // From a list into another list the lists' own commands know the way.
    const plain = isItem(unit.node) && isListed ? selected : wraps && !isItem(unit.node) && unit.node.isTextblock ? selected : selected.clearNodes()
    return kind.run(plain)
  })
  const { state } = editor
  const at = Math.min(kept ?? inside.from, state.doc.content.size)
  editor.view.dispatch(state.tr.setSelection(Selection.near(state.doc.resolve(at))).scrollIntoView())
}

function oneStep(editor: Editor, run: (chain: ChainedCommands) => ChainedCommands): void {
  newStep(editor.state)
  run(editor.chain()).run()
  newStep(editor.state)
}
