/** All places of a lesson that hold what is looked for, and putting something else there. */

import { Fragment, type Node, type Schema } from '@tiptap/pm/model'
import type { Transaction } from '@tiptap/pm/state'
import { type Hit, type Matcher, replacementOf } from './query.js'

/** A hit with its place in the document. */
export interface Match {
  from: number
  to: number
  hit: Hit
}

/** What an inline node that is no text stands for: one sign for one place, so that offsets are positions. */
const ATOM = '\uFFFC'

/** The text of a block, as long as its content. */
export function blockText(block: Node): string {
  let text = ''
  block.forEach(child => {
    if (child.isText) text += child.text ?? ''
    else if (child.type.name === 'hardBreak') text += '\n'
    else text += ATOM.repeat(child.nodeSize)
  })
  return text
}

/** A search over one lesson. ProseMirror keeps the nodes that do not change: each block is searched once. */
export class Search {
  private readonly known = new WeakMap<Node, Hit[]>()

  constructor(private readonly matcher: Matcher) {}

  all(doc: Node): Match[] {
    const found: Match[] = []
    doc.descendants((node, pos) => {
      if (!node.isTextblock) return true
      let hits = this.known.get(node)
      if (hits === undefined) {
        hits = node.content.size === 0 ? [] : this.matcher(blockText(node))
        this.known.set(node, hits)
      }
      for (const hit of hits) found.push({ from: pos + 1 + hit.from, to: pos + 1 + hit.to, hit })
      return false
    })
    return found
  }
}

/** Where a change between two documents begins and ends; `null` when they are equal. For what comes from others: it replaces all. */
export function changeBetween(before: Node, after: Node): { from: number; to: number; now: number } | null {
  const from = before.content.findDiffStart(after.content)
  const end = before.content.findDiffEnd(after.content)
  if (from === null || end === null) return null
  // What is the same at both ends of the change is found twice, from the left and from the right.
  const twice = Math.max(0, from - Math.min(end.a, end.b))
  return { from, to: end.a + twice, now: end.b + twice }
}

/** The index of the first match at or behind a position; from the start again behind the last one; -1 without any. */
export function indexFrom(matches: readonly Match[], pos: number): number {
  if (matches.length === 0) return -1
  let low = 0
  let high = matches.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((matches[middle]?.from ?? 0) < pos) low = middle + 1
    else high = middle
  }
  return low === matches.length ? 0 : low
}

function isPairSplit(text: string, at: number): boolean {
  return /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(at))
}

function inline(schema: Schema, text: string, marks: Node['marks'], code: boolean): Fragment {
  if (code || !text.includes('\n') || schema.nodes.hardBreak === undefined) return text === '' ? Fragment.empty : Fragment.from(schema.text(text, marks))
  const parts: Node[] = []
  text.split('\n').forEach((line, at) => {
    if (at > 0) parts.push(schema.node('hardBreak'))
    if (line !== '') parts.push(schema.text(line, marks))
  })
  return Fragment.fromArray(parts)
}

/**
 * Replaces one match; `from` and `to` are where it stands in `tr.doc`. Only what differs is written, so that marks (and
 * what others write beside it) stay. Returns false for one that would lose an inline block, such as a formula.
 */
export function replaceMatch(tr: Transaction, match: Match, replacement: string, regexp: boolean): boolean {
  const $from = tr.doc.resolve(match.from)
  const old = blockText($from.parent).slice($from.parentOffset, $from.parentOffset + match.to - match.from)
  const fresh = replacementOf(match.hit, replacement, regexp)
  const most = Math.min(old.length, fresh.length)
  let start = 0
  while (start < most && old[start] === fresh[start]) start += 1
  if (isPairSplit(old, start) || isPairSplit(fresh, start)) start -= 1
  let end = 0
  while (end < most - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end += 1
  if (isPairSplit(old, old.length - end) || isPairSplit(fresh, fresh.length - end)) end -= 1
  const gone = old.slice(start, old.length - end)
  const put = fresh.slice(start, fresh.length - end)
  if (gone.includes(ATOM) || put.includes(ATOM)) return false
  if (gone === '' && put === '') return true
  const [from, to] = [match.from + start, match.to - end]
  // The marks of the first letter that goes; of an insertion, those of the letter before it inside the match.
  const at = tr.doc.resolve(from)
  const marks = gone !== '' ? (tr.doc.nodeAt(from)?.marks ?? []) : start > 0 ? (at.nodeBefore?.marks ?? []) : (at.nodeAfter?.marks ?? [])
  tr.replaceWith(from, to, inline(tr.doc.type.schema, put, $from.parent.type.spec.code === true ? [] : marks, $from.parent.type.spec.code === true))
  return true
}

/** Replaces all, the last one first, so that positions hold. Returns how many were replaced. */
export function replaceMatches(tr: Transaction, matches: readonly Match[], replacement: string, regexp: boolean): number {
  let count = 0
  for (const match of [...matches].reverse()) if (replaceMatch(tr, match, replacement, regexp)) count += 1
  return count
}
