/**
 * What a person's own edit brings along: empty containers are filled or removed, strings are made well-formed.
 * Never on a change that comes from the document: showing a lesson must not write to it.
 */

import { Extension } from '@tiptap/core'
import type { Mark, Node } from '@tiptap/pm/model'
import { Plugin, type Transaction } from '@tiptap/pm/state'
import { isFromDocument } from './binding.js'

/** Lists and rows that hold nothing have nothing to show; the others get a paragraph to write in. */
const REMOVED = new Set(['bulletList', 'orderedList', 'taskList', 'table', 'tableRow', 'columns'])
const FILLED = new Set([
  'listItem', 'taskItem', 'blockquote', 'callout', 'tableCell', 'tableHeader', 'detailsContent', 'column', 'instructorNote',
])

const LONE = /\p{Surrogate}/u

/** The same string with U+FFFD for each half of a surrogate pair: a half would split every replica. */
export function toWellFormed(text: string): string {
  return LONE.test(text) ? text.replace(/\p{Surrogate}/gu, '\uFFFD') : text
}

function badAttrs(attrs: Record<string, unknown>): Record<string, unknown> | null {
  const bad = Object.entries(attrs).filter(([, value]) => typeof value === 'string' && LONE.test(value))
  return bad.length === 0 ? null : { ...attrs, ...Object.fromEntries(bad.map(([key, value]) => [key, toWellFormed(String(value))])) }
}

function wellMarks(marks: readonly Mark[]): readonly Mark[] | null {
  return marks.some(mark => badAttrs(mark.attrs) !== null)
    ? marks.map(mark => mark.type.create(badAttrs(mark.attrs) ?? mark.attrs))
    : null
}

/** Details with one summary and one content; `null` if they have them. Nothing that somebody wrote is left out. */
function wholeDetails(node: Node): Node | null {
  const parts = node.children.map(part => part.type.name)
  if (parts.join() === 'detailsSummary,detailsContent') return null
  const { schema } = node.type
  let summary: Node | null = null
  const blocks: Node[] = []
  node.forEach(part => {
    if (part.type.name === 'detailsContent') part.forEach(block => blocks.push(block))
    else if (summary === null) summary = part
    else if (part.childCount > 0) blocks.push(schema.node('paragraph', null, part.content))
  })
  if (blocks.length === 0) blocks.push(schema.node('paragraph'))
  return node.type.create(node.attrs, [summary ?? schema.node('detailsSummary'), schema.node('detailsContent', null, blocks)])
}

/** Nodes in which nothing is to be done. ProseMirror keeps what does not change: a keystroke looks at its own block only. */
const clean = new WeakSet<Node>()

/** Changes that make the document tidy, the last one first, so that positions hold. */
export function tidy(doc: Node, tr: Transaction): boolean {
  const changes: (() => void)[] = []
  const seen: Node[] = []
  doc.descendants((node, pos) => {
    if (clean.has(node)) return false
    seen.push(node)
    if (node.isText) {
      const text = node.text ?? ''
      const marks = wellMarks(node.marks)
      if (LONE.test(text) || marks !== null) {
        const fixed = doc.type.schema.text(toWellFormed(text), marks ?? node.marks)
        changes.push(() => tr.replaceWith(pos, pos + node.nodeSize, fixed))
      }
      return false
    }
    const attrs = badAttrs(node.attrs)
    if (attrs !== null) changes.push(() => tr.setNodeMarkup(pos, undefined, attrs))
    const details = node.type.name === 'details' ? wholeDetails(node) : null
    if (details !== null) {
      changes.push(() => tr.replaceWith(pos, pos + node.nodeSize, details))
      return false
    }
    if (node.childCount > 0) return true
    if (REMOVED.has(node.type.name)) changes.push(() => tr.delete(pos, pos + node.nodeSize))
    else if (FILLED.has(node.type.name)) changes.push(() => tr.insert(pos + 1, doc.type.schema.node('paragraph')))
    return true
  })
  if (changes.length === 0) for (const node of seen) clean.add(node)
  for (const change of changes.reverse()) change()
  return changes.length > 0
}

export const Tidy = Extension.create({
  name: 'tidy',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        appendTransaction: (transactions, before, after) => {
          if (before.doc === after.doc || transactions.some(isFromDocument)) return null
          const tr = after.tr
          return tidy(after.doc, tr) ? tr : null
        },
      }),
    ]
  },
})
