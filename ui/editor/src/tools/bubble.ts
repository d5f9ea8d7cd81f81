/** The toolbar over a selection, with the link field in it. Mod+K opens the field, Alt+F10 moves the focus to the bar. */

import { Extension, getMarkRange, type Editor } from '@tiptap/core'
import { NodeSelection, Plugin } from '@tiptap/pm/state'
import { CellSelection } from '@tiptap/pm/tables'
import type { Context } from '../context.js'
import { el, iconButton, roving } from '../dom.js'
import { isSafeHref } from '../nodes/marks.js'
import { openBlockMenu } from '../blocks/handle.js'
import { countPart } from '../stats.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import { Popup, rangeBox } from './popup.js'

const MARKS: [mark: string, icon: string, label: string, keys: string][] = [
  ['bold', 'bold', 'Bold', 'Mod+B'],
  ['italic', 'italic', 'Italic', 'Mod+I'],
  ['underline', 'underline', 'Underline', 'Mod+U'],
  ['strike', 'strikethrough', 'Strikethrough', 'Mod+Shift+S'],
  ['code', 'code', 'Code', 'Mod+E'],
  ['subscript', 'subscript', 'Subscript', 'Mod+,'],
  ['superscript', 'superscript', 'Superscript', 'Mod+.'],
]

/** A selection that rests this long, in milliseconds, is counted. */
const COUNT_MS = 200

/** An address as people type it: `example.org` means the web, everything that has a scheme or a path means itself. */
export function completeHref(typed: string): string {
  const href = toWellFormed(typed.trim())
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(href)) return `mailto:${href}`
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+([/?#].*)?$/i.test(href) && !/\.(md|html?)([?#].*)?$/i.test(href)) return `https://${href}`
  return href
}

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    bubble: {
      /** Takes the marks but links from the selection. */
      clearFormatting: () => ReturnType
    }
  }
}

class Bar {
  private readonly marks: HTMLButtonElement[]
  private readonly linkButton: HTMLButtonElement
  private readonly counter = el('span', { class: 'bubble-count', 'data-testid': 'selection-count' })
  private counting: ReturnType<typeof setTimeout> | undefined
  private readonly field = el('input', { class: 'field bubble-field', placeholder: words.linkField, 'aria-label': words.linkField, spellcheck: 'false', role: 'combobox', 'aria-expanded': 'false' })
  private readonly found = el('div', { class: 'menu bubble-found', role: 'listbox', hidden: true })
  private readonly buttons: HTMLElement
  private readonly form: HTMLElement
  private readonly popup: Popup
  private editing = false
  private lessons: { id: string; title: string }[] = []
  private chosen = -1
  private asked = 0

  constructor(private readonly editor: Editor, private readonly context: Context) {
    this.marks = MARKS.map(([mark, icon, label, keys]) => iconButton(icon, label, keys, () => editor.chain().focus().toggleMark(mark).run()))
    this.linkButton = iconButton('link', 'Link', 'Mod+K', () => this.editLink())
    const turn = iconButton('pilcrow', words.turnInto, 'Mod+Shift+.', () => openBlockMenu(editor))
    turn.setAttribute('aria-haspopup', 'menu')
    const plain = iconButton('remove-formatting', words.clearFormatting, 'Mod+Shift+\\', () => editor.chain().focus().clearFormatting().run())
    this.buttons = el('div', { class: 'bubble-row' }, turn, ...this.marks, this.linkButton, plain, this.counter)
    const remove = iconButton('unlink', words.linkRemove, '', () => this.setLink(''))
    const follow = iconButton('external-link', words.linkOpen, '', () => {
      const href = completeHref(this.field.value)
      if (href !== '' && isSafeHref(href)) context.host.openLink(context.course, context.lesson, href)
    })
    const apply = iconButton('check', words.linkApply, '', () => this.accept())
    this.form = el('div', { class: 'bubble-row', hidden: true }, this.field, apply, follow, remove)
    const bar = el('div', { class: 'bubble', role: 'toolbar', 'aria-label': words.formatting }, this.buttons, this.form, this.found)
    roving(bar, () => this.leave())
    this.field.addEventListener('input', () => void this.search())
    this.field.addEventListener('keydown', event => {
      if (event.isComposing || event.keyCode === 229) return
      if (event.key === 'Enter') this.accept()
      else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') this.choose(this.chosen + (event.key === 'ArrowDown' ? 1 : -1))
      else return
      event.preventDefault()
      event.stopPropagation()
    })
    bar.addEventListener('focusout', event => {
      if (event.relatedTarget instanceof Node && (bar.contains(event.relatedTarget) || editor.view.dom.contains(event.relatedTarget))) return
      this.stopEditing()
      this.popup.hide()
    })
    this.popup = new Popup(editor, bar, 'above')
  }

  update(): void {
    if (this.editing) return
    const { view, state } = this.editor
    const { selection } = state
    const bar = this.popup.element
    const wanted = view.editable && (view.hasFocus() || bar.contains(document.activeElement)) && !selection.empty
      && !(selection instanceof NodeSelection) && !(selection instanceof CellSelection)
      && selection.$from.parent.type.spec.code !== true && state.doc.textBetween(selection.from, selection.to).trim() !== ''
    clearTimeout(this.counting)
    if (!wanted) return this.popup.hide()
    this.counting = setTimeout(() => this.count(), COUNT_MS)
    MARKS.forEach(([mark], at) => this.marks[at]?.setAttribute('aria-pressed', String(this.editor.isActive(mark))))
    this.linkButton.setAttribute('aria-pressed', String(this.editor.isActive('link')))
    this.popup.show(rangeBox(this.editor, selection.from, selection.to))
  }

  /** Says how much is selected. */
  private count(): void {
    if (this.editor.isDestroyed || !this.popup.isOpen) return
    const { from, to } = this.editor.state.selection
    const part = countPart(this.editor.state.doc.textBetween(from, to, '\n', ' '))
    this.counter.textContent = words.selected(part.words, part.minutes)
    if (!this.editing) this.popup.show(rangeBox(this.editor, from, to))
  }

  /** The field for the link at the caret or over the selection. */
  editLink(): boolean {
    const { state } = this.editor
    const type = state.schema.marks.link
    if (type === undefined || !this.editor.isEditable || state.selection.$from.parent.type.spec.code === true) return false
    const range = getMarkRange(state.selection.$from, type)
    if (state.selection.empty) {
      if (range === undefined) return true
      this.editor.commands.setTextSelection({ from: range.from, to: range.to })
    }
    this.editing = true
    this.buttons.hidden = true
    this.form.hidden = false
    this.field.value = String(this.editor.getAttributes('link').href ?? '')
    const { from, to } = this.editor.state.selection
    this.popup.show(rangeBox(this.editor, from, to))
    this.field.focus()
    this.field.select()
    void this.search()
    return true
  }

  focusBar(): boolean {
    if (!this.popup.isOpen) return false
    this.marks[0]?.focus()
    return true
  }

  private accept(): void {
    const lesson = this.lessons[this.chosen]
    this.setLink(lesson === undefined ? completeHref(this.field.value) : `lesson:${lesson.id}`)
  }

  private setLink(href: string): void {
    if (href !== '' && !isSafeHref(href)) {
      this.field.setAttribute('aria-invalid', 'true')
      this.context.host.event(this.context.lesson, 'notice', { kind: 'info', message: words.linkNotSet })
      return
    }
    this.stopEditing()
    const chain = this.editor.chain().focus().extendMarkRange('link')
    if (href === '') chain.unsetMark('link').run()
    else chain.setMark('link', { href }).run()
  }

  private leave(): void {
    this.stopEditing()
    this.editor.commands.focus()
  }

  private stopEditing(): void {
    this.editing = false
    this.form.hidden = true
    this.buttons.hidden = false
    this.field.removeAttribute('aria-invalid')
    this.list([])
  }

  private async search(): Promise<void> {
    const find = this.context.host.findLessons?.bind(this.context.host)
    const typed = this.field.value.trim()
    this.asked += 1
    const mine = this.asked
    if (find === undefined || typed === '' || /^[a-z]+:/i.test(typed)) return this.list([])
    const found = await find(this.context.course, typed).catch(() => [])
    if (this.editing && mine === this.asked) this.list(found.slice(0, 8))
  }

  private list(lessons: { id: string; title: string }[]): void {
    this.lessons = lessons
    this.chosen = -1
    this.found.hidden = lessons.length === 0
    this.field.setAttribute('aria-expanded', String(lessons.length > 0))
    this.found.replaceChildren(...lessons.map((lesson, at) => el('div', {
      class: 'menu-item', role: 'option', id: `bubble-lesson-${at}`,
      onmousedown: event => event.preventDefault(),
      onclick: () => this.setLink(`lesson:${lesson.id}`),
    }, lesson.title)))
  }

  private choose(at: number): void {
    if (this.lessons.length === 0) return
    this.chosen = (at + this.lessons.length) % this.lessons.length
    this.field.setAttribute('aria-activedescendant', `bubble-lesson-${this.chosen}`)
    ;[...this.found.children].forEach((option, i) => option.setAttribute('aria-selected', String(i === this.chosen)))
  }

  destroy(): void {
    clearTimeout(this.counting)
    this.popup.destroy()
  }
}

export const Bubble = Extension.create<{ context: Context }, { bar: Bar | null }>({
  name: 'bubble',
  addStorage: () => ({ bar: null }),
  addCommands() {
    return {
      clearFormatting: () => ({ tr, state, dispatch }) => {
        const { from, to, empty } = tr.selection
        if (empty) return false
        // Links say something; the rest is looks.
        const looks = Object.values(state.schema.marks).filter(type => type.name !== 'link')
        if (dispatch) for (const type of looks) tr.removeMark(from, to, type)
        return true
      },
    }
  },
  addKeyboardShortcuts() {
    return {
      'Mod-Shift-\\': () => this.editor.commands.clearFormatting(),
      'Mod-k': () => this.storage.bar?.editLink() ?? false,
      'Alt-F10': () => this.storage.bar?.focusBar() ?? false,
    }
  },
  addProseMirrorPlugins() {
    return [
      new Plugin({
        view: () => {
          const bar = new Bar(this.editor, this.options.context)
          this.storage.bar = bar
          const leave = () => setTimeout(() => {
            if (!this.editor.isDestroyed) bar.update()
          })
          this.editor.on('blur', leave)
          this.editor.on('focus', leave)
          return {
            update: () => bar.update(),
            destroy: () => {
              this.editor.off('blur', leave)
              this.editor.off('focus', leave)
              bar.destroy()
              this.storage.bar = null
            },
          }
        },
      }),
    ]
  },
})
