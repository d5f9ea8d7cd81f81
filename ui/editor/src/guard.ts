/**
 * Looks at a body before the editor does. y-tiptap deletes what its schema refuses, so a lesson of a newer Inkhorn must
 * never reach it: here the same nodes are built without touching the document.
 */

import { Fragment, type Node, type Schema } from '@tiptap/pm/model'
import * as Y from 'yjs'

/** As `BODY_SCHEMA_VERSION` in `crates/protocol/src/schema.rs`. */
export const SCHEMA_VERSION = 1

/** Deepest nesting that is edited: y-tiptap and ProseMirror recurse. A lesson has about 10. */
export const MAX_DEPTH = 96

/** What the body holds that this version must not edit. */
export class Unknown extends Error {
  constructor(readonly what: 'version' | 'node' | 'mark' | 'attribute' | 'shape', readonly detail: string) {
    super(`${what} ${detail}`)
  }
}

/** `null` when the whole lesson can be edited here, else the first thing that speaks against it. */
export function inspect(doc: Y.Doc, schema: Schema): Unknown | null {
  const version = doc.getMap('meta').get('schema')
  if (typeof version === 'number' && version > SCHEMA_VERSION) return new Unknown('version', String(version))
  return inspectBody(doc.getXmlFragment('body'), schema)
}

export function inspectBody(body: Y.XmlFragment, schema: Schema): Unknown | null {
  try {
    const blocks = body.toArray().map(child => buildElement(child, schema, 0))
    if (schema.topNodeType.contentMatch.matchFragment(Fragment.from(blocks)) === null) return new Unknown('shape', 'doc')
    return null
  } catch (error) {
    return error instanceof Unknown ? error : new Unknown('shape', String(error))
  }
}

/** Top-level blocks that a transaction touched; `all` when the list of blocks itself changed, `null` when the body did not. */
export function touched(transaction: Y.Transaction, body: Y.XmlFragment): 'all' | Set<Y.AbstractType<unknown>> | null {
  const blocks = new Set<Y.AbstractType<unknown>>()
  for (const changed of transaction.changed.keys()) {
    let type = changed as unknown as Y.AbstractType<unknown>
    if (type === (body as unknown)) return 'all'
    while (type.parent !== null && type.parent !== (body as unknown)) type = type.parent as Y.AbstractType<unknown>
    if (type.parent === (body as unknown)) blocks.add(type)
  }
  return blocks.size === 0 ? null : blocks
}

/** As `inspect`, for what a transaction brought: before its observers run, so before y-tiptap sees it. */
export function inspectChange(transaction: Y.Transaction, doc: Y.Doc, schema: Schema): Unknown | null {
  const body = doc.getXmlFragment('body')
  if (transaction.changed.has(doc.getMap('meta') as never)) return inspect(doc, schema)
  const blocks = touched(transaction, body)
  if (blocks === null) return null
  if (blocks === 'all') return inspectBody(body, schema)
  try {
    for (const block of blocks) if (block._item?.deleted !== true) buildElement(block, schema, 0)
    return null
  } catch (error) {
    return error instanceof Unknown ? error : new Unknown('shape', String(error))
  }
}

function buildElement(element: unknown, schema: Schema, depth: number): Node {
  if (depth > MAX_DEPTH) throw new Unknown('shape', 'depth')
  if (!(element instanceof Y.XmlElement) || element instanceof Y.XmlHook) throw new Unknown('node', 'hook')
  const type = schema.nodes[element.nodeName]
  if (type === undefined) throw new Unknown('node', element.nodeName)
  const attrs = element.getAttributes() as Record<string, unknown>
  checkNames(attrs, type.spec.attrs, element.nodeName)
  const children: Node[] = []
  for (const child of element.toArray()) {
    if (child instanceof Y.XmlText) children.push(...buildText(child, schema))
    else children.push(buildElement(child, schema, depth + 1))
  }
  try {
    return type.createChecked(attrs, children)
  } catch {
    throw new Unknown('shape', element.nodeName)
  }
}

function buildText(text: Y.XmlText, schema: Schema): Node[] {
  const parts = text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]
  return parts.map(({ insert, attributes }) => {
    if (typeof insert !== 'string' || insert === '') throw new Unknown('node', 'embed')
    const marks = Object.entries(attributes ?? {}).map(([name, value]) => {
      const plain = markName(name)
      const type = schema.marks[plain]
      if (type === undefined) throw new Unknown('mark', plain)
      if (typeof value === 'object' && value !== null) checkNames(value as Record<string, unknown>, type.spec.attrs, plain)
      return type.create(value as Record<string, unknown> | null)
    })
    return schema.text(insert, marks)
  })
}

/** y-tiptap appends a hash to the names of marks that may overlap themselves. */
export function markName(attribute: string): string {
  return /^(.+)--[a-zA-Z0-9+/=]{8}$/.exec(attribute)?.[1] ?? attribute
}

function checkNames(attrs: Record<string, unknown>, known: object | null | undefined, owner: string): void {
  for (const [name, value] of Object.entries(attrs)) {
    if (value !== null && value !== undefined && !(known !== null && known !== undefined && name in known)) {
      throw new Unknown('attribute', `${owner}.${name}`)
    }
  }
}
