/**
 * Carets and selections of others, drawn as decorations: they move along with what is typed here, and are placed anew
 * only when others move or edit, once a frame at most. And the caret of this window, told to others while there are some.
 */

import { Extension } from '@tiptap/core'
import { NodeSelection, Plugin, PluginKey, Selection, type EditorState } from '@tiptap/pm/state'
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view'
import { absolutePositionToRelativePosition, relativePositionToAbsolutePosition, ySyncPluginKey } from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import { isFromDocument } from './binding.js'
import type { LessonDocument } from './documents.js'
import { el } from './dom.js'
import { type Cursor, type Peer, type Person, SAY_EVERY_MS } from './peers.js'

export interface CaretsOptions {
  document: LessonDocument
  /** Tells others where the caret is. */
  say: (cursor: Cursor) => void
  /** Somebody's caret was drawn in another place. */
  drawn: () => void
}

const key = new PluginKey<DecorationSet>('carets')

interface Sync {
  type: Y.XmlFragment
  binding: { mapping: never } | null
}

/** Name of the body among the roots of a lesson. */
const BODY = 'body'

const syncOf = (state: EditorState) => ySyncPluginKey.getState(state) as Sync | undefined
const hue = (peer: Person) => `--peer: var(--peer-${(Math.trunc(peer.hue) & 7) + 1})`

/** Where in the view a place of somebody's is; null if it is none, or not here yet. */
function resolve(state: EditorState, doc: Y.Doc, place: Cursor['head']): number | null {
  const sync = syncOf(state)
  // A root that is asked for by name is there from then on.
  if (sync?.binding == null || (place.tname != null && place.tname !== BODY)) return null
  try {
    const relative = Y.createRelativePositionFromJSON(place)
    const at = relativePositionToAbsolutePosition(doc, sync.type, relative, sync.binding.mapping)
    return at === null ? null : Math.min(Math.max(at, 0), state.doc.content.size)
  } catch {
    // It was made by others, and may name anything.
    return null
  }
}

/** Where the selection is, as others can understand it. */
function selectionOf(state: EditorState): Cursor | null {
  const sync = syncOf(state)
  if (sync?.binding == null) return null
  const { anchor, head } = state.selection
  const place = (at: number) => {
    const made = absolutePositionToRelativePosition(at, sync.type, sync.binding?.mapping as never) as Y.RelativePosition
    return Y.relativePositionToJSON(made) as Cursor['head']
  }
  try {
    return { anchor: place(anchor), head: place(head) }
  } catch {
    // The view is ahead of the document for a moment.
    return null
  }
}

/** How long a name shows after its caret moved, in milliseconds (LOOK.md). */
const NAME_MS = 2_000

/**
 * When each caret moved last, and whose names show. By a timer, not by an animation: WebKit draws a page anew for every
 * frame of one, also where nothing changes for two seconds.
 */
class Names {
  private readonly cursors = new Map<number, Cursor | null>()
  private readonly moved = new Map<number, number>()
  private timer: ReturnType<typeof setTimeout> | undefined

  shows(client: number): boolean {
    return performance.now() - (this.moved.get(client) ?? -NAME_MS) < NAME_MS
  }

  /** Takes in who moved since the last time. */
  note(peers: readonly Peer[]): void {
    for (const peer of peers) {
      const before = this.cursors.get(peer.client)
      this.cursors.set(peer.client, peer.cursor)
      if (JSON.stringify(before) !== JSON.stringify(peer.cursor)) this.moved.set(peer.client, performance.now())
    }
  }

  /** What a table or code that is wider than the page would cut off stands beside its caret, and on the other side of it. */
  private fit(caret: HTMLElement): void {
    const name = caret.querySelector('.caret-name')
    const frame = caret.closest('.table-scroll, pre') ?? caret.closest('.scroll')
    delete caret.dataset.level
    delete caret.dataset.side
    if (name === null || frame === null) return
    const [flag, edge] = [name.getBoundingClientRect(), frame.getBoundingClientRect()]
    if (flag.top < edge.top && !frame.matches('.scroll')) caret.dataset.level = 'line'
    if (flag.right > edge.right || flag.left < edge.left) caret.dataset.side = 'other'
  }

  /** Shows and hides the names of a view, now and when the next one has shown long enough. */
  show(root: HTMLElement): void {
    clearTimeout(this.timer)
    let some = false
    for (const caret of root.querySelectorAll<HTMLElement>('.caret')) {
      const client = Number(caret.dataset.client)
      const shows = this.shows(client)
      some ||= shows
      caret.dataset.moved = String(this.moved.get(client) ?? 0)
      if (caret.dataset.shown !== String(shows)) caret.dataset.shown = String(shows)
      if (shows) this.fit(caret)
    }
    if (some) this.timer = setTimeout(() => this.show(root), NAME_MS / 8)
  }

  end(): void {
    clearTimeout(this.timer)
  }
}

function flag(peer: Peer, names: Names): HTMLElement {
  return el('span', {
    class: 'caret', style: hue(peer), 'data-client': String(peer.client), 'data-shown': String(names.shows(peer.client)), 'aria-hidden': 'true',
  }, el('span', { class: 'caret-bar' }, el('span', { class: 'caret-name', 'data-name': peer.name })))
}

/** A place between blocks has no line to stand in, and would make one: the nearest text before it has, or the one after it. */
function inText(state: EditorState, head: number): number | null {
  const at = state.doc.resolve(head)
  if (at.parent.inlineContent) return head
  return (Selection.findFrom(at, -1, true) ?? Selection.findFrom(at, 1, true))?.head ?? null
}

/** The decorations of everybody. Who is at a place that has not arrived yet stays where they were. */
function draw(state: EditorState, document: LessonDocument, before: DecorationSet, names: Names): DecorationSet {
  const all: Decoration[] = []
  for (const peer of document.peers.all) {
    if (peer.cursor === null) continue
    const of = (spec: { client?: number }) => spec.client === peer.client
    const head = resolve(state, document.doc, peer.cursor.head)
    const anchor = resolve(state, document.doc, peer.cursor.anchor)
    if (head === null || anchor === null) {
      all.push(...before.find(undefined, undefined, of))
      continue
    }
    const [from, to] = anchor < head ? [anchor, head] : [head, anchor]
    const spec = { client: peer.client }
    const node = to > from ? state.doc.nodeAt(from) : null
    if (node !== null && !node.isText && node.nodeSize === to - from && NodeSelection.isSelectable(node)) {
      all.push(Decoration.node(from, to, {
        class: 'peer-selected', style: hue(peer), 'data-client': String(peer.client), 'data-peer': peer.name,
      }, spec))
      continue
    }
    if (to > from) {
      all.push(Decoration.inline(from, to, { class: 'peer-selection', style: hue(peer) }, spec))
    }
    const at = inText(state, head)
    if (at === null) continue
    all.push(Decoration.widget(at, () => flag(peer, names), {
      ...spec, key: `${peer.client} ${peer.hue} ${peer.name}`,
      // Theirs is behind the letter that it follows, also when something is typed here at the same place.
      side: -1, ignoreSelection: true,
    }))
  }
  return all.length === 0 ? DecorationSet.empty : DecorationSet.create(state.doc, all)
}

/** The element of a person's caret in a view, the one that moved last if there are several. */
export function caretOf(view: EditorView, document: LessonDocument, person: Person): HTMLElement | null {
  const clients = document.peers.all.filter(peer => peer.name === person.name && peer.hue === person.hue).map(peer => peer.client)
  const found = [...view.dom.querySelectorAll<HTMLElement>('.caret, .peer-selected')].filter(caret => clients.includes(Number(caret.dataset.client)))
  return found.sort((a, b) => Number(b.dataset.moved ?? 0) - Number(a.dataset.moved ?? 0))[0] ?? null
}

/** One a window: the caret is told at most so often, and only when it moved. */
class Teller {
  private last = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Nobody is shown where they are before they put the caret anywhere. */
  private engaged = false

  constructor(private readonly view: EditorView, private readonly options: CaretsOptions) {}

  focus(): void {
    this.engaged = true
    this.soon()
  }

  soon(): void {
    if (this.timer !== undefined || !this.engaged || this.options.document.peers.all.length === 0 || !this.view.editable) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      const cursor = this.view.isDestroyed ? null : selectionOf(this.view.state)
      if (cursor === null) return
      const said = `${this.options.document.doc.clientID} ${JSON.stringify(cursor)}`
      if (said === this.last) return
      this.last = said
      this.options.say(cursor)
    }, SAY_EVERY_MS)
  }

  end(): void {
    clearTimeout(this.timer)
  }
}

export const Carets = Extension.create<CaretsOptions>({
  name: 'carets',
  addProseMirrorPlugins() {
    const { options } = this
    const { document } = options
    const names = new Names()
    let teller: Teller | undefined
    return [
      new Plugin<DecorationSet>({
        key,
        state: {
          init: () => DecorationSet.empty,
          apply: (tr, set, _before, after) => {
            const mapped = tr.docChanged ? set.map(tr.mapping, tr.doc) : set
            const moved = tr.getMeta(key) === 'moved' || (tr.docChanged && isFromDocument(tr) && document.peers.all.length > 0)
            return moved ? draw(after, document, mapped, names) : mapped
          },
        },
        props: {
          decorations: state => key.getState(state),
          handleDOMEvents: {
            focus: () => {
              teller?.focus()
              return false
            },
          },
        },
        view: view => {
          const told = teller = new Teller(view, options)
          if (view.hasFocus()) told.focus()
          let frame = 0
          const place = () => {
            frame = 0
            // A composition is in the text node that a caret would cut in two.
            if (view.composing) frame = requestAnimationFrame(place)
            else view.dispatch(view.state.tr.setMeta(key, 'moved').setMeta('addToHistory', false))
          }
          const ends = document.peers.watch(() => {
            names.note(document.peers.all)
            if (frame === 0) frame = requestAnimationFrame(place)
            told.soon()
          })
          if (document.peers.all.length > 0) frame = requestAnimationFrame(place)
          let drawn = DecorationSet.empty
          let shown = document.peers.all
          return {
            update: () => {
              told.soon()
              const set = key.getState(view.state) ?? DecorationSet.empty
              if (set === drawn) return
              drawn = set
              // Not with each key that is pressed here.
              if (shown !== document.peers.all) names.show(view.dom)
              shown = document.peers.all
              options.drawn()
            },
            destroy: () => {
              ends()
              cancelAnimationFrame(frame)
              names.end()
              told.end()
            },
          }
        },
      }),
    ]
  },
})
