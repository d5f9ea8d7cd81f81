/**
 * Documents and images of the mock bridge: real Yjs documents in memory, in place of the core's replica.
 * A bundle of its own (`npm run build -- --mock`), which no build that is shipped contains. Only bytes go in and out.
 */

import './apart.js'
import * as Y from 'yjs'

interface Json {
  type: string
  attrs?: Record<string, unknown>
  text?: string
  marks?: { type: string; attrs?: Record<string, unknown> }[]
  content?: Json[]
}

const documents = new Map<string, Y.Doc>()
const images = new Map<string, string>()

function document(lesson: string): Y.Doc {
  let doc = documents.get(lesson)
  if (doc === undefined) {
    doc = new Y.Doc()
    documents.set(lesson, doc)
  }
  return doc
}

/** Neighbouring texts are one Yjs text: the editor would join them, which is a write. */
function children(nodes: Json[]): (Y.XmlElement | Y.XmlText)[] {
  const out: (Y.XmlElement | Y.XmlText)[] = []
  let texts: Json[] = []
  const close = () => {
    if (texts.length === 0) return
    const text = new Y.XmlText()
    text.applyDelta(texts.map(({ text: insert = '', marks = [] }) => ({
      insert, attributes: Object.fromEntries(marks.map(mark => [mark.type, mark.attrs ?? {}])),
    })))
    out.push(text)
    texts = []
  }
  for (const node of nodes) {
    if (node.type === 'text') {
      texts.push(node)
      continue
    }
    close()
    out.push(element(node))
  }
  close()
  return out
}

function element(node: Json): Y.XmlElement {
  const out = new Y.XmlElement(node.type)
  for (const [name, value] of Object.entries(node.attrs ?? {})) out.setAttribute(name, value as string)
  out.insert(0, children(node.content ?? []))
  return out
}

/** A lesson with these blocks (ProseMirror JSON), in place of those that it had. */
export function seed(lesson: string, blocks: string): void {
  const doc = document(lesson)
  doc.transact(() => {
    doc.getMap('meta').set('schema', 1)
    const body = doc.getXmlFragment('body')
    body.delete(0, body.length)
    body.insert(0, (JSON.parse(blocks) as Json[]).map(element))
  })
}

/** What is beyond a state vector. */
export function diff(lesson: string, stateVector: Uint8Array): Uint8Array {
  return Y.encodeStateAsUpdate(document(lesson), stateVector.length > 0 ? stateVector : undefined)
}

export function apply(lesson: string, update: Uint8Array): void {
  Y.applyUpdate(document(lesson), update)
}

/** Somebody else adds a paragraph: the update that says so. */
export function write(lesson: string, text: string): Uint8Array {
  const doc = document(lesson)
  const before = Y.encodeStateVector(doc)
  const body = doc.getXmlFragment('body')
  body.insert(body.length, [element({ type: 'paragraph', content: [{ type: 'text', text }] })])
  return Y.encodeStateAsUpdate(doc, before)
}

/** The lesson's text, for tests: what reached the core. */
export function text(lesson: string): string {
  return document(lesson).getXmlFragment('body').toString().replace(/<[^>]*>/g, ' ')
}

/** Keeps an image, by its SHA-256. */
export async function putImage(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const hash = [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('')
  images.set(hash, URL.createObjectURL(new Blob([bytes])))
  return hash
}

export function imageUrl(hash: string): string | undefined {
  return images.get(hash)
}
