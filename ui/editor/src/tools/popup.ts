/** A box that floats over the text of one view and scrolls with it. */

import type { Editor } from '@tiptap/core'
import { place } from '../dom.js'

export class Popup {
  private open = false

  constructor(private readonly editor: Editor, readonly element: HTMLElement, private readonly prefer: 'above' | 'below') {
    element.hidden = true
    element.style.position = 'absolute'
  }

  get isOpen(): boolean {
    return this.open
  }

  show(anchor: { left: number; top: number; bottom: number }): void {
    const frame = this.editor.view.dom.parentElement
    if (frame === null) return
    if (this.element.parentElement !== frame) frame.append(this.element)
    this.element.hidden = false
    this.open = true
    const box = frame.getBoundingClientRect()
    const size = this.element.getBoundingClientRect()
    // What scrolls cuts off what reaches beyond it.
    const scroller = frame.closest('.scroll')?.getBoundingClientRect()
    const height = Math.min(window.innerHeight, scroller?.bottom ?? window.innerHeight)
    const spot = place(anchor, size, { left: box.left, right: box.right, top: scroller?.top ?? 0, height }, this.prefer)
    this.element.style.left = `${spot.left - box.left}px`
    this.element.style.top = `${spot.top - box.top}px`
  }

  hide(): void {
    this.open = false
    this.element.hidden = true
  }

  destroy(): void {
    this.element.remove()
  }
}

/** Where a range of the text stands in the window. */
export function rangeBox(editor: Editor, from: number, to: number): { left: number; top: number; bottom: number } {
  const start = editor.view.coordsAtPos(from)
  const end = editor.view.coordsAtPos(to, -1)
  const oneLine = Math.abs(start.top - end.top) < 4
  return {
    left: oneLine ? start.left : Math.min(start.left, end.left),
    top: Math.min(start.top, end.top),
    bottom: Math.max(start.bottom, end.bottom),
  }
}
