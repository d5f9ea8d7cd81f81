/** Find and replace in one lesson: what is looked for, where it stands, which one is looked at. The bar is in `bar.ts`. */

import { Extension, type Editor } from '@tiptap/core'
import { Plugin, PluginKey, TextSelection, type EditorState, type Transaction } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { asOneStep, isFromDocument } from '../binding.js'
import { openAround } from '../nodes/details.js'
import { scrollerOf } from '../scroll.js'
import { FindBar } from './bar.js'
import { type Match, Search, changeBetween, fieldText, indexBehind, indexFrom, indexOf, replaceMatch, replaceMatches } from './matches.js'
import { type Query, matcherOf } from './query.js'

/** Matches that are drawn at once, around the one that is looked at: each is an element of its own in the page. */
const DRAWN = 300

/** Room that the bar takes at the top of what is seen, in pixels. */
const BAR = 112

/** Where a block shows a field; others are the block itself. */
const FIELD: Record<string, string> = { alt: '.image-alt', caption: '.block-caption' }

export interface Found {
  query: Query
  search: Search
  matches: Match[]
  /** Index of the match that is looked at; -1 when there is none. */
  current: number
  drawn: DecorationSet
}

const key = new PluginKey<Found | null>('find')

type Meta = { found: Omit<Found, 'drawn'> | null } | { current: number }

function draw(state: EditorState, matches: readonly Match[], current: number): DecorationSet {
  const first = Math.max(0, Math.min(current - DRAWN / 2, matches.length - DRAWN))
  return DecorationSet.create(state.doc, matches.slice(first, first + DRAWN).map((match, at) => {
    const isHere = first + at === current
    if (match.field === undefined) return Decoration.inline(match.from, match.to, { class: isHere ? 'found found-here' : 'found' })
    // The field that has it is shown while it is looked at, also one that is else hidden.
    return Decoration.node(match.from, match.to, isHere ? { class: 'found-block found-block-here', 'data-found': match.field } : { class: 'found-block' })
  }))
}

/** Where a position went by a transaction. One from the document replaces everything: there the difference says it. */
function moved(tr: Transaction, before: EditorState, pos: number): number {
  if (!isFromDocument(tr)) return tr.mapping.map(pos)
  const change = changeBetween(before.doc, tr.doc)
  if (change === null || pos <= change.from) return pos
  return pos >= change.to ? pos + change.now - change.to : change.from
}

/** What the bar does with the lesson. */
export class Finder {
  private asked = 0
  private place: { from: number; to: number } | null = null

  constructor(private readonly editor: Editor) {}

  get found(): Found | null {
    return key.getState(this.editor.state) ?? null
  }

  /** Remembers the caret, to return to it. */
  begin(): void {
    const { from, to } = this.editor.state.selection
    this.place = { from, to }
  }

  /** Follows what changes before the remembered caret. */
  follow(tr: Transaction, before: EditorState): void {
    if (this.place === null) return
    this.place = { from: moved(tr, before, this.place.from), to: moved(tr, before, this.place.to) }
  }

  /** Looks for something else. Resolves when it is shown; throws `BadExpression`, and then nothing is found. */
  async look(query: Query): Promise<void> {
    const known = this.found?.query
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(query)) return this.reveal()
    this.asked += 1
    const mine = this.asked
    const made = matcherOf(query)
    let matcher
    try {
      matcher = made instanceof Promise ? await made : made
    } catch (error) {
      if (mine === this.asked) this.tell({ found: null })
      throw error
    }
    if (mine !== this.asked || this.editor.isDestroyed) return
    if (query.text === '') return this.tell({ found: null })
    const search = new Search(matcher)
    const matches = search.all(this.editor.state.doc)
    this.tell({ found: { query, search, matches, current: indexFrom(matches, this.place?.from ?? 0) } })
    this.reveal()
  }

  step(by: 1 | -1): void {
    const found = this.found
    if (found === null || found.matches.length === 0) return
    this.tell({ current: (found.current + by + found.matches.length) % found.matches.length })
    this.reveal()
  }

  /** Replaces the match that is looked at and goes on to the next one. False when there is nothing to replace. */
  replace(replacement: string): boolean {
    const found = this.found
    const match = found?.matches[found.current]
    if (found === null || match === undefined || !this.editor.isEditable) return false
    const { tr } = this.editor.state
    const done = replaceMatch(tr, match, replacement, found.query.regexp)
    const behind = tr.mapping.map(match.to)
    if (done && tr.docChanged) asOneStep(this.editor, tr)
    const now = this.found
    if (now !== null) {
      const next = match.field === undefined
        ? indexFrom(now.matches, behind) : indexBehind(now.matches, match, fieldText(match, replacement, found.query.regexp).length)
      this.tell({ current: done ? next : (found.current + 1) % found.matches.length })
    }
    this.reveal()
    return done
  }

  /** Replaces all in one step of the undo. Returns how many were replaced and how many were not. */
  replaceAll(replacement: string): { done: number; left: number } {
    const found = this.found
    if (found === null || !this.editor.isEditable) return { done: 0, left: 0 }
    const { tr } = this.editor.state
    const done = replaceMatches(tr, found.matches, replacement, found.query.regexp)
    if (tr.docChanged) asOneStep(this.editor, tr)
    return { done, left: found.matches.length - done }
  }

  /** Takes the marks away; the caret is where it was. `back` also brings it into view and the keyboard to it. */
  end(back: boolean): void {
    this.asked += 1
    if (this.editor.isDestroyed) return
    if (this.found !== null) this.tell({ found: null })
    const place = this.place
    this.place = null
    if (!back || place === null) return
    const { doc } = this.editor.state
    const size = doc.content.size
    const selection = TextSelection.between(doc.resolve(Math.min(place.from, size)), doc.resolve(Math.min(place.to, size)))
    this.editor.view.dispatch(this.editor.state.tr.setSelection(selection).scrollIntoView())
    this.editor.view.focus()
  }

  private tell(meta: Meta): void {
    this.editor.view.dispatch(this.editor.state.tr.setMeta(key, meta).setMeta('addToHistory', false))
  }

  /** Brings the match that is looked at into view, away from the bar. */
  private reveal(): void {
    const found = this.found
    const match = found?.matches[found.current]
    if (match === undefined) return
    const block = match.field === undefined ? null : this.editor.view.nodeDOM(match.from)
    const { node } = this.editor.view.domAtPos(match.from)
    openAround(node instanceof Element ? node : node.parentElement)
    const scroller = scrollerOf(this.editor.view.dom)
    if (scroller === null) return
    const field = block instanceof HTMLElement ? block.querySelector(FIELD[match.field ?? ''] ?? '.callout-title') ?? block : null
    const box = field?.getBoundingClientRect() ?? this.editor.view.coordsAtPos(match.from)
    const frame = scroller.getBoundingClientRect()
    if (box.top >= frame.top + BAR && box.bottom <= frame.bottom - 32) return
    scroller.scrollTop += box.top - (frame.top + Math.max(BAR, frame.height / 3))
  }
}

/** The bar of an editor. */
export function findBar(editor: Editor): FindBar | null {
  return (editor.storage as unknown as { find?: { bar: FindBar | null } }).find?.bar ?? null
}

export const Find = Extension.create<object, { bar: FindBar | null }>({
  name: 'find',
  addStorage: () => ({ bar: null }),

  addKeyboardShortcuts() {
    const open = (replace: boolean) => () => {
      const { from, to } = this.editor.state.selection
      const text = this.editor.state.doc.textBetween(from, to, '\n', '\n')
      this.storage.bar?.open(text !== '' && text.length <= 80 && !text.includes('\n') ? text : null, replace)
      return true
    }
    const step = (by: 1 | -1) => () => this.storage.bar?.step(by) ?? false
    return {
      'Mod-f': open(false),
      'Mod-Alt-f': open(true),
      F3: step(1),
      'Shift-F3': step(-1),
      'Mod-g': step(1),
      'Shift-Mod-g': step(-1),
      Escape: () => this.storage.bar?.close(false) ?? false,
    }
  },

  addProseMirrorPlugins() {
    const finder = new Finder(this.editor)
    return [
      new Plugin<Found | null>({
        key,
        state: {
          init: () => null,
          apply: (tr, found, before, after) => {
            if (tr.docChanged) finder.follow(tr, before)
            const meta = tr.getMeta(key) as Meta | undefined
            if (meta !== undefined && 'found' in meta) {
              return meta.found === null ? null : { ...meta.found, drawn: draw(after, meta.found.matches, meta.found.current) }
            }
            if (found === null) return null
            if (meta !== undefined) return { ...found, current: meta.current, drawn: draw(after, found.matches, meta.current) }
            if (!tr.docChanged) return found
            const matches = found.search.all(after.doc)
            const here = found.matches[found.current]
            const current = here === undefined ? (matches.length > 0 ? 0 : -1) : indexOf(matches, here, moved(tr, before, here.from))
            return { ...found, matches, current, drawn: draw(after, matches, current) }
          },
        },
        props: { decorations: state => key.getState(state)?.drawn },
        view: () => {
          const bar = new FindBar(this.editor, finder)
          this.storage.bar = bar
          return {
            update: (_view, before) => {
              if (key.getState(before) !== finder.found) bar.show()
            },
            destroy: () => {
              bar.destroy()
              this.storage.bar = null
            },
          }
        },
      }),
    ]
  },
})
