/**
 * Blocks that hold blocks. Their content may be empty: two people can empty one between them, and y-tiptap would delete
 * what the schema refuses. `tidy.ts` fills them again when somebody writes.
 */

import { Node, mergeAttributes, wrappingInputRule } from '@tiptap/core'
import { Blockquote } from '@tiptap/extension-blockquote'
import { BulletList, ListItem, OrderedList, TaskItem, TaskList } from '@tiptap/extension-list'
import { el, icon } from '../dom.js'
import * as words from '../words.js'
import { isDirection } from './direction.js'

export const Quote = Blockquote.extend({ content: 'block*' })
export const Bullets = BulletList.extend({ content: 'listItem*' })
export const Numbers = OrderedList.extend({ content: 'listItem*' })
export const Item = ListItem.extend({ content: 'block*' })
export const Tasks = TaskList.extend({ content: 'taskItem*' })
export const Task = TaskItem.extend({ content: 'block*' }).configure({
  nested: true,
  a11y: { checkboxLabel: node => words.taskDone(node.firstChild?.textContent ?? '') },
})

/** Kinds that have a look of their own; any other is shown as a note under its own name. */
export const CALLOUT_KINDS = ['note', 'tip', 'important', 'warning', 'caution', 'objective', 'key-point', 'example'] as const

const LOOKS: Record<string, { icon: string; look: string }> = {
  note: { icon: 'info', look: 'note' },
  info: { icon: 'info', look: 'note' },
  tip: { icon: 'lightbulb', look: 'tip' },
  hint: { icon: 'lightbulb', look: 'tip' },
  success: { icon: 'circle-check', look: 'tip' },
  important: { icon: 'circle-alert', look: 'warning' },
  warning: { icon: 'triangle-alert', look: 'warning' },
  caution: { icon: 'triangle-alert', look: 'trouble' },
  danger: { icon: 'triangle-alert', look: 'trouble' },
  error: { icon: 'triangle-alert', look: 'trouble' },
  objective: { icon: 'target', look: 'objective' },
  objectives: { icon: 'target', look: 'objective' },
  'key-point': { icon: 'key-round', look: 'key-point' },
  keypoints: { icon: 'key-round', look: 'key-point' },
  example: { icon: 'shapes', look: 'example' },
}

function sentence(kind: string): string {
  const words = kind.replace(/[-_]+/g, ' ').trim()
  return words === '' ? 'Note' : words.charAt(0).toUpperCase() + words.slice(1)
}

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    callout: {
      /** Puts the blocks of the selection into a callout. */
      setCallout: (kind: string) => ReturnType
    }
  }
}

export const Callout = Node.create({
  name: 'callout',
  group: 'block',
  content: 'block*',
  defining: true,

  addAttributes() {
    return {
      kind: { default: 'note', parseHTML: e => e.getAttribute('data-callout') ?? 'note', renderHTML: a => ({ 'data-callout': a.kind }) },
      title: { default: null, parseHTML: e => e.getAttribute('data-title'), renderHTML: a => (a.title === null ? {} : { 'data-title': a.title }) },
    }
  },
  parseHTML: () => [{ tag: 'aside[data-callout]' }],
  renderHTML: ({ HTMLAttributes }) => ['aside', mergeAttributes(HTMLAttributes), 0],

  addCommands() {
    return { setCallout: kind => ({ commands }) => commands.wrapIn(this.name, { kind }) }
  },
  addInputRules() {
    return [
      wrappingInputRule({
        // Details, columns and notes for instructors have rules of their own.
        find: /^:::(?!(?:details|columns|instructor)\s)([a-z][a-z-]*)\s$/,
        type: this.type,
        getAttributes: match => ({ kind: match[1] ?? 'note' }),
      }),
    ]
  },
  addKeyboardShortcuts() {
    return {
      // In the first, empty block of a callout: out of it.
      Backspace: () => {
        const { $from, empty } = this.editor.state.selection
        const inside = $from.depth > 1 && $from.node(-1).type === this.type
        if (!empty || !inside || $from.parentOffset > 0 || $from.index(-1) > 0) return false
        return this.editor.commands.lift(this.name)
      },
    }
  },

  addNodeView() {
    return ({ node: first, getPos, editor }) => {
      let node = first
      const set = (attrs: Record<string, unknown>) => {
        const pos = getPos()
        if (typeof pos !== 'number' || !editor.isEditable) return
        editor.view.dispatch(editor.state.tr.setNodeMarkup(pos, undefined, { ...node.attrs, ...attrs }))
      }
      const kind = el('select', {
        class: 'callout-kind', 'aria-label': words.calloutKind, onchange: () => set({ kind: kind.value }),
      })
      const title = el('input', {
        class: 'callout-title', 'aria-label': words.calloutTitle, spellcheck: 'true',
        onchange: () => set({ title: title.value === '' ? null : title.value.replace(/\p{Surrogate}/gu, '\uFFFD') }),
        onkeydown: event => {
          if ((event as KeyboardEvent).isComposing || !['Enter', 'ArrowDown', 'Escape'].includes((event as KeyboardEvent).key)) return
          event.preventDefault()
          const pos = getPos()
          if (typeof pos === 'number') editor.commands.focus(pos + 2)
        },
      })
      const mark = el('span', { class: 'callout-icon' })
      const head = el('div', { class: 'callout-head', contenteditable: 'false' }, mark, title, kind)
      const contentDOM = el('div', { class: 'callout-body' })
      const dom = el('aside', { class: 'callout', role: 'note' }, head, contentDOM)
      const show = () => {
        const name = String(node.attrs.kind ?? 'note')
        const look = LOOKS[name.toLowerCase()] ?? LOOKS.note
        dom.dataset.look = look?.look ?? 'note'
        dom.dataset.callout = name
        if (isDirection(node.attrs.dir)) dom.dir = node.attrs.dir
        else dom.removeAttribute('dir')
        mark.replaceChildren(icon(look?.icon ?? 'info'))
        const choices = CALLOUT_KINDS.includes(name as never) ? [...CALLOUT_KINDS] : [name, ...CALLOUT_KINDS]
        kind.replaceChildren(...choices.map(choice => el('option', { value: choice, selected: choice === name }, sentence(choice))))
        title.placeholder = sentence(name)
        if (document.activeElement !== title) title.value = String(node.attrs.title ?? '')
        // A long one does not fit into its line.
        title.title = title.value
        title.readOnly = !editor.isEditable
        kind.disabled = !editor.isEditable
        dom.setAttribute('aria-label', title.value === '' ? sentence(name) : `${sentence(name)}: ${title.value}`)
      }
      show()
      return {
        dom,
        contentDOM,
        update: next => {
          if (next.type !== node.type) return false
          node = next
          show()
          return true
        },
        stopEvent: event => head.contains(event.target as globalThis.Node),
        ignoreMutation: mutation => head.contains(mutation.target) || (mutation.type === 'attributes' && mutation.target === dom),
      }
    }
  },
})
