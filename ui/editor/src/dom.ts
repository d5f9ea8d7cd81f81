/** Small DOM makers, so that menus and node views read like what they build. */

import * as words from './words.js'

type Props = Record<string, string | boolean | EventListener | undefined>

/** An element with attributes (`false` and `undefined` leave one out), listeners (`onclick: …`) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (typeof value === 'string') element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** An icon of the sprite. It says nothing by itself: what holds it has a label. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `icons.svg#${name}`)
  svg.append(use)
  return svg
}

/** A square button with an icon. The mouse does not take the focus from the text. */
export function iconButton(name: string, label: string, keys: string, run: () => void): HTMLButtonElement {
  const button = el('button', {
    type: 'button', class: 'icon-button', 'aria-label': label,
    'data-tip': keys === '' ? label : `${label}  ${words.keys(keys)}`,
    onmousedown: event => event.preventDefault(),
    onclick: () => run(),
  }, icon(name))
  return button
}

/** Moves the focus among the controls of a toolbar with the arrow keys; `leave` is for Escape. */
export function roving(bar: HTMLElement, leave: () => void): void {
  bar.addEventListener('keydown', event => {
    const controls = [...bar.querySelectorAll<HTMLElement>('button:not(:disabled), select, input')].filter(c => c.offsetParent !== null)
    const at = controls.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'Escape') leave()
    else if (document.activeElement instanceof HTMLInputElement) return
    else if (event.key === 'ArrowRight') controls[(at + 1) % controls.length]?.focus()
    else if (event.key === 'ArrowLeft') controls[(at - 1 + controls.length) % controls.length]?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
}

/**
 * Where a box of this size goes: on the side of the anchor that is preferred, else on the other one; where it fits on neither,
 * over it, so that all of it is seen. Inside `frame`, whose `height` is its bottom. All in viewport pixels.
 */
export function place(
  anchor: { left: number; top: number; bottom: number },
  size: { width: number; height: number },
  frame: { left: number; right: number; top?: number; height: number },
  prefer: 'above' | 'below',
): { left: number; top: number } {
  const gap = 8
  const above = anchor.top - size.height - gap
  const below = anchor.bottom + gap
  const first = frame.top ?? 0
  const fitsBelow = below + size.height <= frame.height
  const over = Math.max(first, frame.height - size.height - gap)
  const top = prefer === 'above' ? (above >= first ? above : below) : fitsBelow ? below : above >= first ? above : over
  const left = Math.max(frame.left, Math.min(anchor.left, frame.right - size.width))
  return { left, top }
}
