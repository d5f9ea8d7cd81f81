/** Following a person through a lesson: their caret stays in sight until the hands of this window say otherwise. */

import type { EditorView } from '@tiptap/pm/view'
import { caretOf } from './carets.js'
import type { LessonDocument } from './documents.js'
import type { Person } from './peers.js'

/** So far from the edges the caret is in sight, in CSS pixels: two lines, and the bar over the text. */
const EDGE = 96

/** Keys that scroll or write. */
const OWN_KEYS = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End', 'Enter', 'Backspace', 'Delete', ' '])

export class Following {
  private frame = 0
  private readonly scroller: HTMLElement
  private readonly ends = new AbortController()

  /** `stop`: the person of this window took over. */
  constructor(
    private readonly person: Person, root: HTMLElement,
    private readonly document: LessonDocument, stop: () => void,
  ) {
    this.scroller = root.closest<HTMLElement>('.scroll') ?? root
    const on = <K extends keyof HTMLElementEventMap>(name: K, mine: (event: HTMLElementEventMap[K]) => boolean) => {
      this.scroller.addEventListener(name, event => {
        if (mine(event)) stop()
      }, { passive: true, capture: true, signal: this.ends.signal })
    }
    on('wheel', () => true)
    on('touchmove', () => true)
    // On the scroller itself is on its bar, or beside the text.
    on('pointerdown', event => event.target === this.scroller)
    on('keydown', event => {
      const writes = event.key.length === 1 && !event.ctrlKey && !event.metaKey
      return root.contains(event.target as Node) && (writes || OWN_KEYS.has(event.key) || event.key === 'Process')
    })
  }

  /** Brings the caret into sight with the next frame, if it is not. */
  look(view: EditorView): void {
    if (this.frame !== 0) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      if (view.isDestroyed) return
      const caret = caretOf(view, this.document, this.person)
      if (caret === null) return
      const { top, bottom } = this.scroller.getBoundingClientRect()
      const at = caret.getBoundingClientRect()
      if (at.top >= top + EDGE && at.bottom <= bottom - EDGE) return
      const still = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches
      const to = this.scroller.scrollTop + at.top - top - (bottom - top) * 0.4
      this.scroller.scrollTo({ top: to, behavior: still ? 'auto' : 'smooth' })
    })
  }

  end(): void {
    cancelAnimationFrame(this.frame)
    this.ends.abort()
  }
}
