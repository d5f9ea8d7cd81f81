/** A page for the island without a browser, and a core that keeps one Yjs document a lesson. */

import { File as NodeFile } from 'node:buffer'
import { JSDOM } from 'jsdom'
import * as Y from 'yjs'
import type { EventName, Host } from '../src/host.js'

const page = new JSDOM('<!doctype html><html><body></body></html>', { pretendToBeVisual: true, url: 'http://localhost/' })
const { window } = page
for (const name of ['window', 'document', 'navigator', 'HTMLElement', 'HTMLInputElement', 'Element', 'Node', 'MutationObserver', 'DOMParser',
  'getComputedStyle', 'requestAnimationFrame', 'cancelAnimationFrame', 'KeyboardEvent', 'Event', 'InputEvent', 'XMLSerializer',
  'CSSStyleSheet', 'innerHeight', 'innerWidth', 'DocumentFragment'] as const) {
  const value = name === 'window' ? window : (window as unknown as Record<string, unknown>)[name]
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}
// jsdom's own File cannot be read.
Object.defineProperty(globalThis, 'File', { value: NodeFile, configurable: true })
Object.defineProperty(globalThis, 'ClipboardEvent', { value: window.Event, configurable: true })
// Layout is what jsdom has not; nothing here measures.
const box = { left: 0, right: 0, top: 0, bottom: 0, width: 0, height: 0, x: 0, y: 0, toJSON: () => ({}) }
for (const owner of [window.Range.prototype, window.Element.prototype] as { getClientRects: unknown; getBoundingClientRect: unknown }[]) {
  owner.getClientRects = () => [box]
  owner.getBoundingClientRect = () => box
}
window.Element.prototype.scrollIntoView = () => undefined

export { Y }

/** A core in memory: what was pushed is applied, as the replica would. */
export class Core implements Host {
  readonly docs = new Map<string, Y.Doc>()
  readonly events: { lesson: string; name: EventName; detail: unknown }[] = []
  readonly pushes: Uint8Array[] = []
  readonly assets = new Map<string, Uint8Array>()
  readonly saved: string[] = []
  /** The type that the core finds in a file, when it is not the one that the window says. */
  sniffed: string | null = null
  /** What `push` waits for, or fails with. */
  gate: (() => Promise<void>) | null = null
  private watchers: (() => void)[] = []

  doc(lesson: string): Y.Doc {
    let doc = this.docs.get(lesson)
    if (doc === undefined) {
      doc = new Y.Doc()
      this.docs.set(lesson, doc)
    }
    return doc
  }
  load(_course: string, lesson: string, stateVector: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(Y.encodeStateAsUpdate(this.doc(lesson), stateVector))
  }
  async push(_course: string, lesson: string, update: Uint8Array): Promise<void> {
    await this.gate?.()
    this.pushes.push(update)
    Y.applyUpdate(this.doc(lesson), update)
  }
  putAsset(_course: string, _lesson: string, name: string, mime: string, bytes: Uint8Array): Promise<{ hash: string; mime: string }> {
    this.assets.set(name, bytes)
    return Promise.resolve({ hash: 'ab'.repeat(32), mime: this.sniffed ?? mime })
  }
  assetUrl(): Promise<string | null> {
    return Promise.resolve(null)
  }
  saveAsset(_course: string, _hash: string, name: string): Promise<string | null> {
    this.saved.push(name)
    return Promise.resolve(`/home/${name}`)
  }
  readonly opened: string[] = []
  openLink(_course: string, _lesson: string, href: string): void {
    this.opened.push(href)
  }
  event(lesson: string, name: EventName, detail: unknown): void {
    this.events.push({ lesson, name, detail })
    const watchers = this.watchers
    this.watchers = []
    watchers.forEach(watcher => watcher())
  }
  /** The first event of that name, now or later, from `since` on. */
  async heard<T = Record<string, unknown>>(name: EventName, since = 0): Promise<T> {
    for (;;) {
      const found = this.events.slice(since).find(event => event.name === name)
      if (found !== undefined) return found.detail as T
      await new Promise<void>(wake => this.watchers.push(wake))
    }
  }
}

/** State vector and delete set of a document, as bytes that can be compared. */
export function fingerprint(doc: Y.Doc): string {
  const deleted = Y.encodeSnapshot(Y.snapshot(doc))
  return Buffer.from(deleted).toString('hex')
}

/** Fills a body from ProseMirror's JSON, as the core's import does. */
export function fill(body: Y.XmlFragment, blocks: Json[]): void {
  body.insert(0, blocks.map(build))
}

export interface Json {
  type: string
  attrs?: Record<string, unknown>
  content?: Json[]
  text?: string
  marks?: { type: string; attrs?: Record<string, unknown> }[]
}

function build(node: Json): Y.XmlElement {
  const element = new Y.XmlElement(node.type)
  for (const [name, value] of Object.entries(node.attrs ?? {})) element.setAttribute(name, value as string)
  const children: (Y.XmlElement | Y.XmlText)[] = []
  let texts: Json[] = []
  const close = () => {
    if (texts.length === 0) return
    const text = new Y.XmlText()
    text.applyDelta(texts.map(({ text: insert, marks }) => ({
      insert, attributes: Object.fromEntries((marks ?? []).map(mark => [mark.type, mark.attrs ?? {}])),
    })))
    children.push(text)
    texts = []
  }
  for (const child of node.content ?? []) {
    if (child.type === 'text') texts.push(child)
    else {
      close()
      children.push(build(child))
    }
  }
  close()
  element.insert(0, children)
  return element
}

const t = (text: string, ...marks: string[]): Json => ({ type: 'text', text, marks: marks.map(type => ({ type })) })
const p = (...content: Json[]): Json => ({ type: 'paragraph', content })

/** Every node and mark of the schema, with what real courses do to them. */
export function everything(): Json[] {
  const cell = (type: string, ...content: Json[]): Json => ({ type, content })
  return [
    ...[1, 2, 3, 4, 5, 6].map(level => ({ type: 'heading', attrs: { level }, content: [t(`Heading ${level}`)] })),
    p(t('plain '), t('bold', 'bold'), t('italic', 'italic'), t('strike', 'strike'), t('code', 'code'), t('under', 'underline'),
      t('sub', 'subscript'), t('sup', 'superscript'), t('both', 'bold', 'italic')),
    p({ type: 'text', text: 'code in a link', marks: [{ type: 'code' }, { type: 'link', attrs: { href: 'https://example.org/', title: 'T' } }] },
      { type: 'text', text: 'lesson', marks: [{ type: 'link', attrs: { href: 'lesson:0a-1#part' } }] },
      { type: 'text', text: 'relative', marks: [{ type: 'link', attrs: { href: '../other.md' } }] },
      { type: 'text', text: 'foreign', marks: [{ type: 'link', attrs: { href: 'https://e.org', target: '_blank', rel: 'noopener', class: null } }] }),
    p(t('http://example.org/bare and '), { type: 'hardBreak' }, t('😀 emoji, العربية, 日本語')),
    { type: 'image', attrs: { src: `asset:${'cd'.repeat(32)}`, alt: 'a', title: 't' } },
    { type: 'image', attrs: { src: 'missing/pic.png', caption: 'Below it' } },
    { type: 'video', attrs: { src: `asset:${'ce'.repeat(32)}`, name: 'tide.mp4', caption: 'The tide' } },
    { type: 'audio', attrs: { src: 'https://example.org/bell.mp3' } },
    { type: 'file', attrs: { src: `asset:${'cf'.repeat(32)}`, name: 'plan.pdf', size: 1200, mime: 'application/pdf' } },
    { type: 'embed', attrs: { src: 'https://example.org/map', title: 'A map', caption: 'Of it' } },
    { type: 'embed', attrs: { src: 'javascript:window.ran = true' } },
    { type: 'embed' },
    p(),
    { type: 'bulletList', content: [
      { type: 'listItem', content: [p(t('one')), { type: 'bulletList', content: [{ type: 'listItem', content: [p(t('nested'))] }] }] },
      { type: 'listItem', content: [{ type: 'codeBlock', attrs: { language: 'bash' }, content: [t('starts with code')] }] },
      { type: 'listItem', content: [] },
    ] },
    { type: 'orderedList', attrs: { start: 4 }, content: [{ type: 'listItem', content: [p(t('four'))] }] },
    { type: 'orderedList', content: [] },
    { type: 'taskList', content: [
      { type: 'taskItem', attrs: { checked: true }, content: [p(t('done')), { type: 'taskList', content: [{ type: 'taskItem', attrs: { checked: false }, content: [p(t('deep'))] }] }] },
      { type: 'taskItem', content: [p(t('no attribute'))] },
    ] },
    { type: 'blockquote', content: [p(t('quote')), { type: 'blockquote', content: [p(t('in quote'))] }, { type: 'heading', attrs: { level: 3 }, content: [t('h')] }] },
    { type: 'blockquote', content: [] },
    { type: 'codeBlock', attrs: { language: 'python,editable' }, content: [t('def f():\n\treturn 1\n')] },
    { type: 'codeBlock', content: [] },
    { type: 'callout', attrs: { kind: 'spoiler', title: 'Own kind' }, content: [p(t('inside')), { type: 'callout', attrs: { kind: 'tip' }, content: [] }] },
    { type: 'htmlBlock', attrs: { html: '<script>window.ran = true</script><iframe src="x"></iframe>' } },
    { type: 'horizontalRule' },
    { type: 'table', content: [
      { type: 'tableRow', content: [cell('tableHeader', p(t('h1'))), cell('tableHeader', p(t('h2')))] },
      // Uneven on purpose: prosemirror-tables would like to repair it.
      { type: 'tableRow', content: [cell('tableCell', p(t('only one')))] },
      { type: 'tableRow', content: [{ type: 'tableCell', attrs: { align: 'right', colspan: 2 }, content: [p(t('wide'))] }, cell('tableCell')] },
    ] },
    { type: 'table', content: [] },
    { type: 'paragraph', attrs: { dir: 'rtl' }, content: [t('abc')] },
    { type: 'heading', attrs: { level: 3, dir: 'ltr' }, content: [t('שלום')] },
    { type: 'bulletList', attrs: { dir: 'rtl' }, content: [{ type: 'listItem', attrs: { dir: 'rtl' }, content: [p(t('item'))] }] },
    { type: 'taskList', content: [{ type: 'taskItem', attrs: { dir: 'rtl', checked: false }, content: [p(t('task'))] }] },
    { type: 'blockquote', attrs: { dir: 'rtl' }, content: [p(t('quote'))] },
    { type: 'callout', attrs: { kind: 'tip', dir: 'rtl' }, content: [p(t('in'))] },
    { type: 'table', content: [{ type: 'tableRow', content: [{ type: 'tableHeader', attrs: { dir: 'rtl' }, content: [p(t('h'))] }] },
      { type: 'tableRow', content: [{ type: 'tableCell', attrs: { dir: 'ltr' }, content: [p(t('c'))] }] }] },
    { type: 'details', content: [{ type: 'detailsSummary', content: [t('Why '), t('ink', 'bold')] }, { type: 'detailsContent', content: [p(t('because'))] }] },
    { type: 'details', content: [{ type: 'detailsContent', content: [] }] },
    { type: 'details', content: [{ type: 'detailsSummary' }, { type: 'detailsSummary', content: [t('two of them')] }] },
    { type: 'columns', content: [{ type: 'column', content: [p(t('left'))] }, { type: 'column', content: [] }] },
    { type: 'columns', content: [] },
    { type: 'instructorNote', content: [p(t('go slowly'))] },
    { type: 'instructorNote', content: [] },
    p(t('area '), { type: 'inlineMath', attrs: { latex: '\\pi r^2' } }, t(' and a note'), { type: 'footnote', attrs: { text: 'of old' } }, { type: 'inlineMath' }, { type: 'footnote' }),
    { type: 'blockMath', attrs: { latex: '\\sum_i x_i' } },
    { type: 'blockMath', attrs: {} },
    { type: 'heading', attrs: { level: 2 }, content: [t('The size of '), { type: 'inlineMath', attrs: { latex: 'x' } }, { type: 'footnote', attrs: { text: 'in the heading' } }] },
    { type: 'callout', attrs: { kind: 'key-point' }, content: [p(t('point'))] },
  ]
}
