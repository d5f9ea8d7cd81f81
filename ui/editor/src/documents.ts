/**
 * The lessons that are alive in this window. A document outlives its view: its undo stack is there when the lesson is
 * opened again, and edits that are on their way to the core get there.
 */

import { ObservableV2 } from 'lib0/observable'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import { type Host, type Steps, type Way, messageOf } from './host.js'
import { Peers } from './peers.js'
import { PushQueue } from './queue.js'

/** Origin of all that comes from the core; everything else is an edit of this window. */
export const REMOTE = Symbol('remote')

/** Lessons that keep their document and their undo stack: what a person goes back and forth between. */
export const KEPT = 8

/** Lessons with an undo stack that are kept at most: more than an author goes back through. */
export const KEPT_WRITTEN = 40

/** An undo manager that survives the editor: y-tiptap destroys the one it is given together with its view. */
class KeptUndoManager extends Y.UndoManager {
  override destroy(): void {
    ObservableV2.prototype.destroy.call(this)
  }
  end(): void {
    super.destroy()
  }
}

/** y-tiptap's own rule: what holds text of others is not deleted by undoing the making of its paragraph. */
function mayUndoDelete(item: Y.Item): boolean {
  const content = item.content
  if (!(content instanceof Y.ContentType)) return true
  const type = content.type
  const holdsText = type instanceof Y.Text || (type instanceof Y.XmlElement && type.nodeName === 'paragraph')
  return !holdsText || type._length === 0
}

/** What a view hears from its document. */
export interface Watcher {
  /** The core refused an edit: stop writing. */
  frozen(): void
  /** Take the document that `acquire` gives now. */
  restart(): void
  /** Whether an input method is composing a word: ProseMirror may then give its text to another block when blocks come or go. */
  composing(): boolean
  /** Whether it is being edited now. */
  editing(): boolean
}

export class LessonDocument {
  /** yjs draws a fresh random client id here; it is never set, stored or used again. */
  readonly doc = new Y.Doc()
  readonly body = this.doc.getXmlFragment('body')
  readonly undo: KeptUndoManager
  readonly queue: PushQueue
  /** Who else has it open. */
  readonly peers = new Peers()
  /** Hue of whoever made the change that is being taken in, if it is one person and they are here. */
  author: number | null = null
  /** Views that show it; 0 when it is only kept. */
  views = 0
  private pulling: Promise<void> | null = null
  private pullAgain = false
  private watcher: Watcher | null = null
  /** What others wrote while a word was being composed. */
  private held: Uint8Array[] = []

  constructor(readonly course: string, readonly lesson: string, private readonly host: Host) {
    this.undo = new KeptUndoManager(this.body, {
      trackedOrigins: new Set([ySyncPluginKey]),
      deleteFilter: item => mayUndoDelete(item),
      captureTransaction: transaction => transaction.meta.get('addToHistory') !== false,
    })
    this.undo.on('stack-item-added', (event: { type: Way }) => {
      // Undoing adds to the other stack: that is no new step.
      if (event.type === 'undo' && !this.undo.undoing && !this.undo.redoing) host.event(lesson, 'step', {})
    })
    this.queue = new PushQueue(
      update => host.push(course, lesson, update),
      Y.mergeUpdates,
      {
        saving: () => host.event(lesson, 'saving', {}),
        saved: () => host.event(lesson, 'saved', {}),
        unsaved: error => host.event(lesson, 'unsaved', { message: messageOf(error) }),
        refused: error => {
          this.watcher?.frozen()
          host.event(lesson, 'frozen', { message: messageOf(error), text: plainText(this.body) })
        },
      },
    )
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE) this.queue.add(update)
    })
    this.doc.on('beforeObserverCalls', (transaction: Y.Transaction) => {
      const authors = [...transaction.afterState].filter(([client, clock]) => clock > (transaction.beforeState.get(client) ?? 0))
      const hues = new Set(authors.map(([client]) => this.peers.of(client)?.hue ?? null))
      this.author = hues.size === 1 ? [...hues][0] ?? null : null
    })
  }

  /** The view that shows it. */
  watchedBy(watcher: Watcher | null): void {
    this.watcher = watcher
    if (watcher === null) this.letIn()
  }

  /** The core made this document anew: this copy is of no use any more, and what it still holds back would be refused. */
  reset(message: string): void {
    if (this.queue.pending) this.queue.refuse(message)
    else this.watcher?.restart()
  }

  /** Takes the last step of this lesson back, or does it again; null while it is not being edited. */
  step(way: Way): Steps | null {
    if (this.watcher?.editing() !== true) return null
    const done = (way === 'undo' ? this.undo.undo() : this.undo.redo()) !== null
    // What is typed from now on is a step of its own.
    this.undo.stopCapturing()
    return { done, undo: this.undo.undoStack.length, redo: this.undo.redoStack.length }
  }

  private get written(): boolean {
    return this.undo.undoStack.length + this.undo.redoStack.length > 0
  }

  /** Whether it is worth more than another one that nobody looks at. */
  get keeps(): boolean {
    return this.written || this.queue.pending
  }

  applyRemote(update: Uint8Array): void {
    if (this.watcher?.composing() === true) this.held.push(update)
    else {
      this.letIn()
      Y.applyUpdate(this.doc, update, REMOTE)
    }
  }

  /** Lets in what was held back, in its order. */
  letIn(): void {
    for (const update of this.held.splice(0)) Y.applyUpdate(this.doc, update, REMOTE)
  }

  /** Fetches what the core has beyond this document. One at a time; a call during one leads to exactly one more. */
  pull(): Promise<void> {
    if (this.pulling !== null) {
      this.pullAgain = true
      return this.pulling
    }
    this.pulling = this.pullNow().finally(() => {
      this.pulling = null
    })
    return this.pulling
  }

  private async pullNow(): Promise<void> {
    do {
      this.pullAgain = false
      const bytes = await this.host.load(this.course, this.lesson, Y.encodeStateVector(this.doc))
      const update = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)
      if (update.length > 0) this.applyRemote(update)
    } while (this.pullAgain)
  }

  end(): void {
    if (this.written) this.host.event(this.lesson, 'lost', {})
    this.undo.end()
    this.doc.destroy()
  }
}

/** All documents of the window, the one that was used last at the end. */
export class Documents {
  private readonly alive = new Map<string, LessonDocument>()

  get(lesson: string): LessonDocument | undefined {
    return this.alive.get(lesson)
  }

  all(): LessonDocument[] {
    return [...this.alive.values()]
  }

  /** The document, up to date with the core. A view that has it calls `release` at its end. */
  async acquire(course: string, lesson: string, host: Host): Promise<LessonDocument> {
    let document = this.alive.get(lesson)
    // Refused after its view had gone: its text was handed over then, and what is typed into it now would be sent nowhere.
    if (document !== undefined && document.views === 0 && document.queue.refused) {
      this.forget(document)
      document = undefined
    }
    if (document === undefined) document = new LessonDocument(course, lesson, host)
    this.alive.delete(lesson)
    this.alive.set(lesson, document)
    document.views += 1
    try {
      await document.pull()
    } catch (error) {
      this.release(document)
      throw error
    }
    return document
  }

  release(document: LessonDocument): void {
    document.views = Math.max(0, document.views - 1)
    if (document.views === 0 && document.queue.refused) this.forget(document)
    const unwritten = this.all().filter(old => !old.keeps)
    const written = this.all().filter(old => old.keeps)
    for (const [list, most] of [[unwritten, KEPT], [written, KEPT_WRITTEN]] as const) {
      let surplus = list.length - most
      for (const old of list) {
        if (surplus <= 0) break
        if (old.views > 0 || old.queue.pending) continue
        this.forget(old)
        surplus -= 1
      }
    }
  }

  /** A new copy from now on; the view of the old one is told. */
  reset(lesson: string, message: string): void {
    const old = this.alive.get(lesson)
    if (old === undefined) return
    this.alive.delete(lesson)
    old.reset(message)
    if (old.views === 0) old.end()
  }

  private forget(document: LessonDocument): void {
    if (this.alive.get(document.lesson) === document) this.alive.delete(document.lesson)
    document.end()
  }
}

/** The text of a body, a blank line between blocks: what is set aside when the core refuses an edit. */
export function plainText(body: Y.XmlFragment): string {
  const blocks: string[] = []
  const stack: (Y.XmlElement | Y.XmlText | Y.XmlHook)[] = body.toArray().reverse()
  let line = ''
  const close = () => {
    if (line !== '') blocks.push(line)
    line = ''
  }
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next instanceof Y.XmlText) {
      for (const part of next.toDelta() as { insert: unknown }[]) if (typeof part.insert === 'string') line += part.insert
    } else if (next instanceof Y.XmlElement) {
      if (next.nodeName === 'hardBreak') line += '\n'
      else if (next.nodeName === 'image') line += String(next.getAttribute('alt') ?? '')
      else if (['video', 'audio', 'file'].includes(next.nodeName)) line += String(next.getAttribute('name') ?? '')
      else if (next.nodeName === 'embed') line += String(next.getAttribute('src') ?? '')
      else if (next.nodeName === 'inlineMath') line += `$${next.getAttribute('latex') ?? ''}$`
      else if (next.nodeName === 'footnote') line += ` [${next.getAttribute('text') ?? ''}]`
      else if (next.nodeName === 'blockMath') {
        close()
        line = `$$${next.getAttribute('latex') ?? ''}$$`
        close()
      } else {
        close()
        stack.push(...next.toArray().reverse())
      }
    }
  }
  close()
  return blocks.join('\n\n')
}
