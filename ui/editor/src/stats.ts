/** Counts and the outline of a body. */

import type { Node } from '@tiptap/pm/model'

export interface Heading {
  level: number
  text: string
  fragment: string
}

/** Words a minute of a person who reads to learn. */
const READING_PACE = 200

const segmenter = typeof Intl !== 'undefined' && 'Segmenter' in Intl ? new Intl.Segmenter(undefined, { granularity: 'word' }) : null

export function countWords(text: string): number {
  if (segmenter === null) return text.split(/\s+/u).filter(word => word !== '').length
  let count = 0
  for (const part of segmenter.segment(text)) if (part.isWordLike === true) count += 1
  return count
}

/** Counts of blocks that did not change since they were counted. */
const counted = new WeakMap<Node, { words: number; characters: number }>()

function countBlock(block: Node): { words: number; characters: number } {
  let known = counted.get(block)
  if (known === undefined) {
    const text = block.textContent
    known = { words: countWords(text), characters: [...text].length }
    counted.set(block, known)
  }
  return known
}

export function stats(doc: Node): { words: number; characters: number; minutes: number } {
  let words = 0
  let characters = 0
  doc.descendants(node => {
    if (!node.isTextblock) return true
    const block = countBlock(node)
    words += block.words
    characters += block.characters
    return false
  })
  return { words, characters, minutes: Math.ceil(words / READING_PACE) }
}

/** The text of a block with its formulas, as they are typed; footnotes stand beside the text. */
export function lineOf(block: Node): string {
  return block.textBetween(0, block.content.size, undefined, node => (node.type.name === 'inlineMath' ? `$${String(node.attrs.latex ?? '')}$` : ''))
}

/** Words of a part of the text, and the minutes that they take to read. */
export function countPart(text: string): { words: number; minutes: number } {
  const words = countWords(text)
  return { words, minutes: Math.ceil(words / READING_PACE) }
}

/** The fragment under which the web knows a heading: lower case, no punctuation, hyphens for spaces. */
export function slug(text: string): string {
  return text.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replace(/\s/gu, '-')
}

/** Headings with their positions; a fragment that was used before gets a number, as on GitHub. */
export function headings(doc: Node): (Heading & { pos: number })[] {
  const found: (Heading & { pos: number })[] = []
  const used = new Map<string, number>()
  doc.descendants((node, pos) => {
    if (node.type.name === 'heading') {
      const text = lineOf(node)
      const base = slug(text)
      const times = used.get(base) ?? 0
      used.set(base, times + 1)
      found.push({ level: Number(node.attrs.level), text, fragment: times === 0 ? base : `${base}-${times}`, pos })
    }
    return !node.isTextblock
  })
  return found
}
