/** One lesson in one element: loads, looks, then shows it for editing, for reading, or as something newer. */

import { Editor, type AnyExtension } from '@tiptap/core'
import { Placeholder } from '@tiptap/extensions'
import { Plugin } from '@tiptap/pm/state'
import { Extension } from '@tiptap/core'
import type * as Y from 'yjs'
import { Binding, isFromDocument } from './binding.js'
import { Blocks } from './blocks/handle.js'
import { Highlight } from './code/highlight.js'
import { Carets } from './carets.js'
import type { Context } from './context.js'
import { el } from './dom.js'
import { type Documents, type LessonDocument, REMOTE, plainText } from './documents.js'
import { Find, findBar } from './find/find.js'
import { Flash } from './flash.js'
import { Following } from './follow.js'
import { inspect, inspectChange, touched } from './guard.js'
import { type Handle, type Host, type Mode, type OpenOptions, messageOf } from './host.js'
import { openAround } from './nodes/details.js'
import type { CaretLine, Person } from './peers.js'
import { readable } from './reader.js'
import { holdPlace } from './scroll.js'
import { bodySchema, readerExtensions, schemaExtensions } from './schema.js'
import { headings, slug, stats } from './stats.js'
import { Tidy } from './tidy.js'
import { AtomField, writeField } from './tools/atom-field.js'
import type { Transfers } from './transfers.js'
import { Bubble } from './tools/bubble.js'
import { ColumnTools } from './tools/column-tools.js'
import { Edges } from './tools/edges.js'
import { Links } from './tools/links.js'
import { Paste } from './tools/paste.js'
import { Slash } from './tools/slash.js'
import { TableTools } from './tools/table-tools.js'
import * as words from './words.js'

/** Counting follows the typing at this distance, in milliseconds. */
const STATS_MS = 300

/** What an input method has composed is in the document after this, in milliseconds (ProseMirror waits 20). */
const COMPOSED_MS = 50

export class LessonView implements Handle {
  private readonly frame = el('div', { class: 'editor' })
  private document: LessonDocument | null = null
  private editor: Editor | null = null
  private mode: Mode = 'read'
  private closed = false
  private frozen = false
  private editable: boolean
  private wanted: { focus?: 'start' | 'end' | 'here'; reveal?: string; find?: string } = {}
  private statsTimer: ReturnType<typeof setTimeout> | undefined
  private lastHeadings = ''
  private person: Person | null = null
  private following: Following | null = null
  private readonly ends: (() => void)[] = []

  constructor(
    element: HTMLElement,
    private readonly options: OpenOptions,
    private readonly host: Host,
    private readonly documents: Documents,
    private readonly assetCalls: Set<(hash: string) => void>,
    private readonly transfers: Transfers,
    private readonly line: CaretLine,
  ) {
    this.editable = options.editable
    element.replaceChildren(this.frame)
    void this.start()
  }

  private async start(): Promise<void> {
    let document: LessonDocument
    try {
      document = await this.documents.acquire(this.options.course, this.options.lesson, this.host)
    } catch (error) {
      if (!this.closed) this.say('failed', { message: messageOf(error) })
      return
    }
    if (this.closed) {
      this.documents.release(document)
      return
    }
    this.document = document
    this.watch(document)
    this.show()
    this.line.say(this.options.lesson, document.doc.clientID, null)
    this.say('ready', { mode: this.mode })
    this.startFollowing()
    this.count()
    const { focus, reveal, find } = this.wanted
    this.wanted = {}
    if (focus !== undefined) this.focus(focus === 'here' ? undefined : focus)
    if (reveal !== undefined) this.reveal(reveal)
    if (find !== undefined) this.find(find)
  }

  /** The same view on a new copy of the document. The caret goes back to about where it was. */
  private restart(): void {
    const caret = this.editor?.isFocused === true ? this.editor.state.selection.head : null
    this.leave()
    this.frozen = false
    void this.start().then(() => {
      if (caret === null || this.editor === null) return
      this.editor.commands.focus(Math.min(caret, this.editor.state.doc.content.size))
    })
  }

  /** Lets go of editor and document. */
  private leave(): void {
    clearTimeout(this.statsTimer)
    this.ends.splice(0).forEach(end => end())
    this.editor?.destroy()
    this.editor = null
    this.frame.replaceChildren()
    this.following?.end()
    this.following = null
    if (this.document !== null) {
      this.document.peers.set([])
      this.line.say(this.options.lesson, null, null)
      this.documents.release(this.document)
    }
    this.document = null
  }

  /** Sees each change before the editor does: what it must not touch, it never gets. */
  private watch(document: LessonDocument): void {
    const before = (transaction: Y.Transaction) => {
      if (transaction.origin !== REMOTE || this.mode === 'newer') return
      const trouble = inspectChange(transaction, document.doc, bodySchema())
      if (trouble !== null) this.leaveEditing()
    }
    const after = (transaction: Y.Transaction) => {
      if (this.mode === 'newer' && (this.editor === null || touched(transaction, document.body) !== null)) this.showReader()
    }
    let putBack: (() => void) | null = null
    const hold = (transaction: Y.Transaction) => {
      putBack = transaction.origin === REMOTE && this.editor !== null ? holdPlace(this.editor.view.dom) : null
    }
    const release = () => {
      putBack?.()
      putBack = null
    }
    document.doc.on('beforeTransaction', hold)
    document.doc.on('beforeObserverCalls', before)
    document.doc.on('afterTransaction', after)
    document.doc.on('afterTransactionCleanup', release)
    document.watchedBy({
      frozen: () => {
        this.frozen = true
        this.editor?.setEditable(false)
      },
      restart: () => this.restart(),
      composing: () => this.editor?.view.composing === true,
      editing: () => this.mode === 'edit' && !this.frozen && this.editor !== null,
    })
    let letting: ReturnType<typeof setTimeout> | undefined
    const composed = () => {
      clearTimeout(letting)
      // After ProseMirror has read what was composed; another word may have begun by then.
      letting = setTimeout(() => {
        if (this.editor?.view.composing !== true) document.letIn()
      }, COMPOSED_MS)
    }
    this.frame.addEventListener('compositionend', composed)
    this.frame.addEventListener('focusout', composed)
    this.ends.push(() => {
      clearTimeout(letting)
      this.frame.removeEventListener('compositionend', composed)
      this.frame.removeEventListener('focusout', composed)
      document.doc.off('beforeTransaction', hold)
      document.doc.off('afterTransactionCleanup', release)
      document.doc.off('beforeObserverCalls', before)
      document.doc.off('afterTransaction', after)
      document.watchedBy(null)
    })
  }

  /** Takes the editor off the document in the middle of a transaction, before its observers run. */
  private leaveEditing(): void {
    this.mode = 'newer'
    this.editor?.destroy()
    this.editor = null
    queueMicrotask(() => {
      if (!this.closed) this.say('mode', { mode: this.mode })
    })
  }

  private show(): void {
    const document = this.document
    if (document === null) return
    if (inspect(document.doc, bodySchema()) !== null) {
      this.mode = 'newer'
      this.showReader()
    } else {
      this.mode = this.editable ? 'edit' : 'read'
      this.showEditor(document)
    }
  }

  private get context(): Context {
    return {
      host: this.host,
      course: this.options.course,
      lesson: this.options.lesson,
      onAsset: call => {
        this.assetCalls.add(call)
        return () => this.assetCalls.delete(call)
      },
      transfers: this.transfers,
      nameAsset: (hash, mime, bytes, name) => {
        const assets = this.document?.doc.getMap('assets')
        if (assets?.has(hash) === false) assets.set(hash, { mime, bytes, name })
      },
    }
  }

  private get travel(): ((way: 'undo' | 'redo') => void) | undefined {
    const { host, options } = this
    return host.history === undefined ? undefined : way => host.history?.(options.lesson, way)
  }

  private showEditor(document: LessonDocument): void {
    const context = this.context
    const readOnly = Extension.create({
      name: 'readOnly',
      addProseMirrorPlugins: () => [
        new Plugin({
          // Whatever asks for it, a lesson that is not being edited does not change under anybody's hands.
          filterTransaction: tr => !tr.docChanged || isFromDocument(tr) || (this.mode === 'edit' && !this.frozen),
        }),
      ],
    })
    this.editor = this.makeEditor([
      ...schemaExtensions(context),
      Binding.configure({ body: document.body, undo: document.undo, history: this.travel }),
      readOnly, Tidy,
      Flash.configure({ hue: () => document.author }),
      Carets.configure({
        document,
        say: cursor => this.line.say(this.options.lesson, document.doc.clientID, cursor),
        drawn: () => this.look(),
      }),
      Placeholder.configure({
        placeholder: ({ node }) => (node.type.name === 'paragraph' ? words.placeholder : ''),
        showOnlyCurrent: true,
        includeChildren: false,
      }),
      Links.configure({ context }),
      Bubble.configure({ context }),
      Slash.configure({ context }),
      Paste.configure({ context }),
      TableTools, Find, Blocks.configure({ context }),
      AtomField, ColumnTools, Edges, Highlight,
    ], this.mode === 'edit')
  }

  private showReader(): void {
    const document = this.document
    if (document === null) return
    this.editor?.destroy()
    this.editor = this.makeEditor([...readerExtensions(this.context), Highlight, Links.configure({ context: this.context }), Find], false)
    const { schema } = this.editor
    this.editor.commands.setContent(readable(document.body, schema), { emitUpdate: false })
    this.count()
  }

  private makeEditor(extensions: AnyExtension[], editable: boolean): Editor {
    const editor = new Editor({
      element: this.frame,
      extensions,
      editable,
      injectCSS: false,
      enableInputRules: true,
      enablePasteRules: true,
      editorProps: {
        attributes: {
          class: 'prose', role: 'textbox', 'aria-multiline': 'true', 'aria-label': this.options.label, spellcheck: 'true', lang: this.language,
          'aria-readonly': String(!editable),
          ...(editable ? {} : { tabindex: '0' }),
        },
        // Enough air that the caret never sits at the very edge.
        scrollThreshold: 48,
        scrollMargin: 64,
      },
    })
    editor.on('update', ({ transaction }) => {
      this.countSoon()
      if (this.following === null || isFromDocument(transaction)) return
      this.follow(null)
      this.say('unfollow', {})
    })
    return editor
  }

  /** The language that spelling is checked in. */
  private get language(): string {
    return this.options.language ?? (document.documentElement.lang !== '' ? document.documentElement.lang : 'en')
  }

  private say(name: Parameters<Host['event']>[1], detail: unknown): void {
    this.host.event(this.options.lesson, name, detail)
  }

  private countSoon(): void {
    clearTimeout(this.statsTimer)
    this.statsTimer = setTimeout(() => this.count(), STATS_MS)
  }

  private count(): void {
    if (this.editor === null || this.closed) return
    const { doc } = this.editor.state
    this.say('words', stats(doc))
    const outline = headings(doc).map(({ level, text, fragment }) => ({ level, text, fragment }))
    const said = JSON.stringify(outline)
    if (said === this.lastHeadings) return
    this.lastHeadings = said
    this.say('headings', outline)
  }

  setEditable(editable: boolean): void {
    this.editable = editable
    if (this.document === null || this.mode === 'newer') return
    const mode: Mode = editable ? 'edit' : 'read'
    if (mode === this.mode) return
    this.mode = mode
    this.editor?.destroy()
    this.showEditor(this.document)
    this.say('mode', { mode })
  }

  focus(where?: 'start' | 'end'): void {
    if (this.editor === null) this.wanted.focus = where ?? 'here'
    else this.editor.commands.focus(where ?? null)
  }

  reveal(fragment: string): boolean {
    if (this.editor === null) {
      this.wanted.reveal = fragment
      return false
    }
    const plain = fragment.replace(/^#/, '')
    const found = headings(this.editor.state.doc).find(heading => heading.fragment === plain || heading.fragment === slug(plain))
    if (found === undefined) return false
    const element = this.editor.view.nodeDOM(found.pos)
    if (!(element instanceof HTMLElement)) return false
    openAround(element)
    element.scrollIntoView({ block: 'start' })
    if (this.editor.isEditable) this.editor.commands.setTextSelection(found.pos + 1)
    return true
  }

  find(query?: string): void {
    if (this.editor === null) this.wanted.find = query ?? ''
    else findBar(this.editor)?.open(query === undefined || query === '' ? null : query)
  }

  follow(person: Person | null): void {
    this.person = person
    this.startFollowing()
  }

  private startFollowing(): void {
    this.following?.end()
    this.following = null
    if (this.person === null || this.document === null) return
    this.following = new Following(this.person, this.frame, this.document, () => {
      this.follow(null)
      this.say('unfollow', {})
    })
    this.look()
  }

  private look(): void {
    if (this.editor !== null && this.mode !== 'newer') this.following?.look(this.editor.view)
  }

  flush(): Promise<void> {
    if (this.editor !== null && !this.editor.isDestroyed) writeField(this.editor)
    return this.document?.queue.flush() ?? Promise.resolve()
  }

  text(): string {
    return this.document === null ? '' : plainText(this.document.body)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.leave()
    this.frame.remove()
  }
}
