/** All places of a lesson that hold what is looked for, and putting something else there. */

import { Fragment, type Node, type Schema } from '@tiptap/pm/model'
import type { Transaction } from '@tiptap/pm/state'
import { type Hit, type Matcher, replacementOf } from './query.js'

/** A hit with its place in the document: its letters, or the block that has it in a field. */
export interface Match {
  from: number
  to: number
  hit: Hit
  /** Attribute that holds it; none in the text itself. */
  field?: string
}

/** What people read as text and a lesson holds as an attribute; the course's search looks at the same (`crates/course`). */
const FIELDS: Record<string, readonly string[]> = {
  callout: ['title'],
  image: ['alt', 'caption'],
  video: ['caption'],
  audio: ['caption'],
  embed: ['title', 'caption'],
  footnote: ['text'],
  inlineMath: ['latex'],
  blockMath: ['latex'],
}

/** A formula is found whole, and never written by a replacement: half a command is no formula any more. */
const FORMULA = 'latex'

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
  private readonly fields = new WeakMap<Node, { field: string; hit: Hit }[]>()

  constructor(private readonly matcher: Matcher) {}

  all(doc: Node): Match[] {
    const found: Match[] = []
    doc.descendants((node, pos) => {
      this.inFields(node, pos, found)
      if (!node.isTextblock) return true
      const first = found.length
      let hits = this.known.get(node)
      if (hits === undefined) {
        hits = node.content.size === 0 ? [] : this.matcher(blockText(node))
        this.known.set(node, hits)
      }
      for (const hit of hits) found.push({ from: pos + 1 + hit.from, to: pos + 1 + hit.to, hit })
      const texts = found.length
      node.forEach((child, offset) => this.inFields(child, pos + 1 + offset, found))
      if (found.length > texts) found.push(...found.splice(first).sort((a, b) => a.from - b.from))
      return false
    })
    return found
  }

  private inFields(node: Node, pos: number, found: Match[]): void {
    const names = FIELDS[node.type.name]
    if (names === undefined) return
    let hits = this.fields.get(node)
    if (hits === undefined) {
      hits = names.flatMap(field => {
        const all = this.matcher(String(node.attrs[field] ?? ''))
        return (field === FORMULA ? all.slice(0, 1) : all).map(hit => ({ field, hit }))
      })
      this.fields.set(node, hits)
    }
    for (const { field, hit } of hits) found.push({ from: pos, to: pos + node.nodeSize, hit, field })
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

/** The index of a match after the lesson changed, by where its place is now; those of one block differ by their place in it. */
export function indexOf(matches: readonly Match[], here: Match, pos: number): number {
  let at = indexFrom(matches, pos)
  const isBefore = (match: Match | undefined) => match?.from === pos && here.field !== undefined
    && (match.field !== here.field || match.hit.from < here.hit.from)
  while (isBefore(matches[at]) && matches[at + 1]?.from === pos) at += 1
  return at
}

/** The index of the first match behind one in a field that was replaced by so many letters; from the start again after the last. */
export function indexBehind(matches: readonly Match[], here: Match, length: number): number {
  const isSame = (match: Match) => match.from === here.from && match.field === here.field
  const next = matches.findIndex(match => match.from > here.from || (isSame(match) && match.hit.from >= here.hit.from + length))
  return next < 0 && matches.length > 0 ? 0 : next
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

/** What takes the place of a match in a field, which has one line. */
export function fieldText(match: Match, replacement: string, regexp: boolean): string {
  return replacementOf(match.hit, replacement, regexp).replace(/\s*\n\s*/g, ' ')
}

function replaceInField(tr: Transaction, match: Match, field: string, fresh: string): boolean {
  const text = String(tr.doc.nodeAt(match.from)?.attrs[field] ?? '')
  const { from, to, groups } = match.hit
  // Somebody may have written in it since it was found.
  if (field === FORMULA || text.slice(from, to) !== groups[0]) return false
  const now = text.slice(0, from) + fresh + text.slice(to)
  if (now !== text) tr.setNodeAttribute(match.from, field, now === '' ? null : now)
  return true
}

/**
 * Replaces one match; `from` and `to` are where it stands in `tr.doc`. Only what differs is written, so that marks (and
 * what others write beside it) stay. Returns false for one that would lose an inline block, such as a formula, and for a formula itself.
 */
export function replaceMatch(tr: Transaction, match: Match, replacement: string, regexp: boolean): boolean {
  if (match.field !== undefined) return replaceInField(tr, match, match.field, fieldText(match, replacement, regexp))
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
