/**
 * A lesson that must not be edited here, as ProseMirror's JSON: built by reading the document only. What this version does
 * not know becomes a placeholder that says so.
 */

import type { Schema } from '@tiptap/pm/model'
import * as Y from 'yjs'
import { MAX_DEPTH, markName } from './guard.js'
import type { BodyNode } from './host.js'

/** The body for reading, in the reader's schema. It always fits that schema. */
export function readable(body: Y.XmlFragment, schema: Schema): BodyNode {
  const content = body.toArray().map(child => block(child, schema, 0))
  return { type: 'doc', content: content.length === 0 ? [{ type: 'paragraph' }] : content.map(child => fitting(child, schema)) }
}

/** Attributes in which a node keeps words or a formula of its own. */
const WORDS = ['title', 'text', 'caption', 'alt', 'latex']

function unknown(name: string, text: string): BodyNode {
  return { type: 'inkhornUnknown', attrs: { name, text } }
}

/** The words of an element that is not known: those in its attributes, then those of its content. */
function wordsOf(source: Y.XmlElement, content: BodyNode[]): string {
  const attrs = source.getAttributes() as Record<string, unknown>
  const own = WORDS.map(name => attrs[name]).filter((value): value is string => typeof value === 'string' && value !== '')
  return [...own, ...content.map(textOf)].filter(text => text !== '').join(' ')
}

/** A top-level block that the schema takes, else its placeholder. */
function fitting(node: BodyNode, schema: Schema): BodyNode {
  try {
    const built = schema.nodeFromJSON(node)
    built.check()
    if (schema.topNodeType.contentMatch.matchType(built.type) === null) throw new RangeError(node.type)
    return node
  } catch {
    return unknown(node.type, textOf(node))
  }
}

function block(source: unknown, schema: Schema, depth: number): BodyNode {
  if (!(source instanceof Y.XmlElement)) return unknown('', source instanceof Y.XmlText ? plain(source) : '')
  const type = schema.nodes[source.nodeName]
  if (depth > MAX_DEPTH) return unknown(source.nodeName, '')
  const content = source.toArray().flatMap(child =>
    child instanceof Y.XmlText ? inline(child, schema) : [among(block(child, schema, depth + 1), type?.inlineContent === true)])
  if (type === undefined || type.name.startsWith('inkhornUnknown')) return unknown(source.nodeName, wordsOf(source, content))
  const known = type.spec.attrs ?? {}
  const attrs = Object.fromEntries(Object.entries(source.getAttributes()).filter(([name]) => name in known))
  return { type: source.nodeName, attrs, content }
}

/** In a line of text a placeholder is a part of the line. */
function among(node: BodyNode, inText: boolean): BodyNode {
  return inText && node.type === 'inkhornUnknown' ? { ...node, type: 'inkhornUnknownInline' } : node
}

function inline(text: Y.XmlText, schema: Schema): BodyNode[] {
  const parts = text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]
  return parts.flatMap(({ insert, attributes }): BodyNode[] => {
    if (typeof insert !== 'string' || insert === '') return []
    const marks = Object.entries(attributes ?? {}).flatMap(([name, value]) => {
      const type = schema.marks[markName(name)]
      if (type === undefined) return []
      const attrs = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
      return [{ type: type.name, attrs }]
    })
    return [{ type: 'text', text: insert, marks }]
  })
}

function plain(text: Y.XmlText): string {
  return (text.toDelta() as { insert: unknown }[]).map(part => (typeof part.insert === 'string' ? part.insert : '')).join('')
}

function textOf(node: BodyNode): string {
  if (node.text !== undefined) return node.text
  if (node.type.startsWith('inkhornUnknown')) return String(node.attrs?.text ?? '')
  return (node.content ?? []).map(textOf).join(' ').trim()
}
