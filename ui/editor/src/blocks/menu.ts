/** The menu of a block. */

import type { Editor } from '@tiptap/core'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import { headings } from '../stats.js'
import { Popup } from '../tools/popup.js'
import * as words from '../words.js'
import { KINDS, direct, directionOf, duplicate, kindOf, moveByKey, remove, turnInto } from './act.js'
import type { Unit } from './unit.js'

interface Entry {
  label: string
  icon: string
  keys?: string
  /** For one of several that exclude each other. */
  chosen?: boolean
  run(): void
}

export class BlockMenu {
  private readonly list = el('div', { class: 'menu block-menu', role: 'menu', 'aria-label': words.blockMenu, 'data-testid': 'block-menu' })
  private readonly popup: Popup
  private ended: (() => void) | null = null

  constructor(private readonly editor: Editor, private readonly context: Context, private readonly say: (text: string) => void) {
    this.popup = new Popup(editor, this.list, 'below')
    this.list.addEventListener('keydown', event => this.key(event))
    this.list.addEventListener('focusout', event => {
      if (!(event.relatedTarget instanceof Node && this.list.contains(event.relatedTarget))) this.close(false)
    })
  }

  get isOpen(): boolean {
    return this.popup.isOpen
  }

  /** Opens the menu beside its handle; `unit` says anew where the block is when something is chosen. */
  open(anchor: { left: number; top: number; bottom: number }, unit: () => Unit | null, ended: () => void): void {
    const first = unit()
    if (first === null) return
    if (this.isOpen) this.close(false)
    this.ended = ended
    const run = (act: (unit: Unit) => void) => () => {
      const now = unit()
      this.close(true)
      if (now !== null) act(now)
      else this.say(words.moveGone)
    }
    const kind = kindOf(this.editor, first)
    const groups: [title: string | null, entries: Entry[]][] = []
    if (kind !== null) {
      groups.push([words.turnInto, KINDS.map(to => ({
        label: to.label, icon: to.icon, keys: to.keys, chosen: to.name === kind, run: run(now => turnInto(this.editor, now, to)),
      }))])
    }
    const move = (by: 1 | -1) => run(now => {
      this.editor.commands.setTextSelection(now.pos + 1)
      const said = moveByKey(this.editor, by)
      if (said !== null) this.say(said)
    })
    groups.push([null, [
      { label: words.duplicate, icon: 'copy', run: run(now => duplicate(this.editor, now)) },
      { label: words.moveUp, icon: 'arrow-up', keys: 'Alt+Shift+↑', run: move(-1) },
      { label: words.moveDown, icon: 'arrow-down', keys: 'Alt+Shift+↓', run: move(1) },
      ...(first.node.type.name === 'heading' ? [{ label: words.copyLink, icon: 'link', run: run(now => void this.copyLink(now)) }] : []),
    ]])
    const direction = directionOf(first)
    if (direction !== undefined) {
      groups.push([words.directionTitle, [
        { label: words.directionAuto, icon: 'pilcrow', chosen: direction === null, run: run(now => direct(this.editor, now, null)) },
        { label: words.directionLtr, icon: 'pilcrow-right', chosen: direction === 'ltr', run: run(now => direct(this.editor, now, 'ltr')) },
        { label: words.directionRtl, icon: 'pilcrow-left', chosen: direction === 'rtl', run: run(now => direct(this.editor, now, 'rtl')) },
      ]])
    }
    groups.push([null, [{ label: words.removeBlock, icon: 'trash-2', run: run(now => remove(this.editor, now)) }]])
    this.list.replaceChildren(...groups.flatMap(([title, entries], at) => [
      ...(at > 0 ? [el('div', { class: 'menu-separator', role: 'separator' })] : []),
      el('div', { role: 'group', ...(title === null ? {} : { 'aria-label': title }) },
        ...(title === null ? [] : [el('div', { class: 'menu-title', 'aria-hidden': 'true' }, title)]), ...entries.map(entry => this.item(entry))),
    ]))
    this.popup.show(anchor)
    this.items[0]?.focus()
  }

  /** Takes the menu away; `back` gives the keyboard back to the text. */
  close(back: boolean): void {
    if (!this.isOpen) return
    this.popup.hide()
    const ended = this.ended
    this.ended = null
    ended?.()
    if (back && !this.editor.isDestroyed) this.editor.view.focus()
  }

  destroy(): void {
    this.popup.destroy()
  }

  private get items(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('.menu-item')]
  }

  private item(entry: Entry): HTMLElement {
    const radio = entry.chosen !== undefined
    const item = el('div', {
      class: 'menu-item', role: radio ? 'menuitemradio' : 'menuitem', tabindex: '-1',
      'aria-checked': radio ? String(entry.chosen) : undefined,
      onclick: () => entry.run(),
      onpointermove: () => {
        if (document.activeElement !== item) item.focus({ preventScroll: true })
      },
    }, icon(entry.icon), el('span', { class: 'grow' }, entry.label), entry.chosen === true ? icon('check') : el('span', { class: 'menu-keys' }, words.keys(entry.keys ?? '')))
    return item
  }

  private key(event: KeyboardEvent): void {
    const { items } = this
    const at = items.indexOf(document.activeElement as HTMLElement)
    const go = (to: number) => items[(to + items.length) % items.length]?.focus()
    if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(items.length - 1)
    else if (event.key === 'Enter' || event.key === ' ') items[at]?.click()
    else if (event.key === 'Escape' || event.key === 'Tab') this.close(true)
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const wanted = event.key.toLowerCase()
      const named = [...items.slice(at + 1), ...items].find(item => item.textContent?.toLowerCase().startsWith(wanted))
      named?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  private async copyLink(unit: Unit): Promise<void> {
    const heading = headings(this.editor.state.doc).find(found => found.pos === unit.pos)
    if (heading === undefined) return
    const href = `lesson:${this.context.lesson}#${heading.fragment}`
    const link = el('a', { href }, heading.text)
    const tell = (kind: string, message: string) => this.context.host.event(this.context.lesson, 'notice', { kind, message })
    try {
      await navigator.clipboard.write([new ClipboardItem({
        'text/html': new Blob([link.outerHTML], { type: 'text/html' }),
        'text/plain': new Blob([href], { type: 'text/plain' }),
      })])
      tell('info', words.linkCopied)
    } catch {
      tell(copyByEvent(link.outerHTML, href) ? 'info' : 'trouble', copied ? words.linkCopied : words.linkNotCopied(href))
    }
  }
}

let copied = false

/** Where the page may not write to the clipboard by itself, the webview's own copying does. */
function copyByEvent(html: string, text: string): boolean {
  copied = false
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/html', html)
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
    copied = true
  }
  document.addEventListener('copy', give, { capture: true, once: true })
  document.execCommand('copy')
  document.removeEventListener('copy', give, { capture: true })
  return copied
}
