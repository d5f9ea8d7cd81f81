/** The bar over the lesson in which one says what to look for and what to put in its place. */

import type { Editor } from '@tiptap/core'
import { el, iconButton } from '../dom.js'
import { holdPlace } from '../scroll.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import type { Finder } from './find.js'
import { BadExpression, type Query } from './query.js'

let count = 0

export class FindBar {
  private readonly root: HTMLElement
  private readonly field: HTMLInputElement
  private readonly other: HTMLInputElement
  private readonly said: HTMLElement
  private readonly trouble: HTMLElement
  private readonly second: HTMLElement
  private readonly more: HTMLButtonElement
  private readonly steps: HTMLButtonElement[]
  private readonly replaces: HTMLButtonElement[]
  private readonly choices: Record<'matchCase' | 'wholeWord' | 'regexp', HTMLButtonElement>
  /** Said once in the place of the count, after all were replaced. */
  private once: string | null = null

  constructor(private readonly editor: Editor, private readonly finder: Finder) {
    count += 1
    const id = `find-${count}`
    this.field = el('input', {
      class: 'field find-field', type: 'text', 'aria-label': words.find, placeholder: words.find, spellcheck: 'false', autocomplete: 'off',
      'aria-describedby': `${id}-said`, 'data-testid': 'find-field',
    })
    this.other = el('input', {
      class: 'field find-field', type: 'text', 'aria-label': words.replaceWith, placeholder: words.replaceWith, spellcheck: 'true', autocomplete: 'off',
      'data-testid': 'replace-field',
    })
    this.said = el('span', { class: 'find-count', role: 'status', id: `${id}-said`, 'data-testid': 'find-count' })
    this.trouble = el('p', { class: 'find-trouble', role: 'alert', hidden: true, 'data-testid': 'find-trouble' })
    const choice = (icon: string, label: string) => {
      const button = iconButton(icon, label, '', () => {
        button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'))
        void this.look()
      })
      button.setAttribute('aria-pressed', 'false')
      return button
    }
    this.choices = {
      matchCase: choice('case-sensitive', words.matchCase),
      wholeWord: choice('whole-word', words.wholeWord),
      regexp: choice('regex', words.regexp),
    }
    this.steps = [
      iconButton('chevron-up', words.findPrevious, 'Shift+F3', () => this.finder.step(-1)),
      iconButton('chevron-down', words.findNext, 'F3', () => this.finder.step(1)),
    ]
    this.more = iconButton('replace', words.replace, 'Mod+Alt+F', () => this.unfold(this.second.hidden))
    const close = iconButton('x', words.findClose, 'Esc', () => this.close(true))
    const action = (label: string, name: string, run: () => void) => el('button', {
      type: 'button', class: 'button', 'data-testid': name, onmousedown: event => event.preventDefault(), onclick: run,
    }, label)
    this.replaces = [
      action(words.replaceOne, 'replace-one', () => this.replace()),
      action(words.replaceAll, 'replace-all', () => this.replaceAll()),
    ]
    this.second = el('div', { class: 'find-row', id: `${id}-replace`, hidden: true }, this.other, ...this.replaces)
    this.more.setAttribute('aria-controls', this.second.id)
    this.root = el('div', { class: 'find-bar', role: 'search', 'aria-label': words.find, hidden: true, 'data-testid': 'find-bar' },
      el('div', { class: 'find-row' },
        el('div', { class: 'find-what' }, this.field, this.said),
        el('div', { class: 'find-group' }, ...Object.values(this.choices)),
        el('div', { class: 'find-group' }, ...this.steps, this.more, close)),
      this.second, this.trouble)
    this.listen()
  }

  get isOpen(): boolean {
    return !this.root.hidden
  }

  /** Shows the bar with the keyboard in it; a text is looked for at once, `null` leaves what stood there. */
  open(text: string | null, replace = false): void {
    const frame = this.editor.view.dom.parentElement
    if (frame === null) return
    if (!this.isOpen) {
      const putBack = holdPlace(this.editor.view.dom)
      frame.prepend(this.root)
      this.root.hidden = false
      putBack()
      this.finder.begin()
    }
    this.more.hidden = !this.editor.isEditable
    this.unfold(this.editor.isEditable && (replace || !this.second.hidden), false)
    if (text !== null) this.field.value = text
    this.field.focus()
    this.field.select()
    void this.look()
  }

  /** Takes the bar away; false if it was not there. `back` returns to where the caret was. */
  close(back: boolean): boolean {
    if (!this.isOpen) return false
    const putBack = holdPlace(this.editor.view.dom)
    this.root.hidden = true
    putBack()
    this.finder.end(back)
    return true
  }

  step(by: 1 | -1): boolean {
    if (!this.isOpen) return false
    this.finder.step(by)
    return true
  }

  /** Says how many there are and which one is looked at. */
  show(): void {
    const found = this.finder.found
    const total = found?.matches.length ?? 0
    this.said.textContent = this.once ?? (found === null ? '' : total === 0 ? words.nothingFound : words.foundOf(found.current + 1, total))
    this.once = null
    this.root.dataset.state = found !== null && total === 0 ? 'nothing' : ''
    // `aria-disabled`, not `disabled`: a button that has the focus keeps it.
    for (const button of [...this.steps, ...this.replaces]) button.setAttribute('aria-disabled', String(total === 0))
  }

  destroy(): void {
    this.root.remove()
  }

  private get query(): Query {
    const on = (button: HTMLButtonElement) => button.getAttribute('aria-pressed') === 'true'
    return {
      text: toWellFormed(this.field.value),
      matchCase: on(this.choices.matchCase), wholeWord: on(this.choices.wholeWord), regexp: on(this.choices.regexp),
    }
  }

  private async look(): Promise<void> {
    let trouble = ''
    try {
      await this.finder.look(this.query)
    } catch (error) {
      if (!(error instanceof BadExpression)) throw error
      trouble = words.badExpression(error.message)
    }
    this.trouble.textContent = trouble
    this.trouble.hidden = trouble === ''
    if (trouble === '') this.field.removeAttribute('aria-invalid')
    else this.field.setAttribute('aria-invalid', 'true')
    this.show()
  }

  private unfold(open: boolean, focus = true): void {
    this.second.hidden = !open
    this.more.setAttribute('aria-expanded', String(open))
    if (focus) (open ? this.other : this.field).focus()
  }

  private replace(): void {
    if (this.finder.replace(toWellFormed(this.other.value)) || (this.finder.found?.matches.length ?? 0) === 0) return
    this.once = words.notReplaced(1)
    this.show()
  }

  private replaceAll(): void {
    const { done, left } = this.finder.replaceAll(toWellFormed(this.other.value))
    if (done + left === 0) return
    this.once = left === 0 ? words.replaced(done) : `${words.replaced(done)} ${words.notReplaced(left)}`
    this.show()
  }

  private listen(): void {
    const typed = (event: Event) => {
      // A word that is being composed is not yet what is looked for.
      if (!(event as InputEvent).isComposing) void this.look()
    }
    this.field.addEventListener('input', typed)
    this.field.addEventListener('compositionend', () => void this.look())
    this.root.addEventListener('keydown', event => {
      if (event.isComposing || event.keyCode === 229) return
      const main = event.ctrlKey || event.metaKey
      const name = event.key.toLowerCase()
      const inField = event.target === this.field
      if (event.key === 'Escape') this.close(true)
      else if (event.key === 'F3' || (main && name === 'g')) this.finder.step(event.shiftKey ? -1 : 1)
      else if (main && name === 'f' && !event.shiftKey) this.open(null, event.altKey)
      else if (event.key === 'Enter' && inField) this.finder.step(event.shiftKey ? -1 : 1)
      else if (event.key === 'Enter' && event.target === this.other) {
        if (main) this.replaceAll()
        else this.replace()
      } else return
      event.preventDefault()
      event.stopPropagation()
    })
  }
}
