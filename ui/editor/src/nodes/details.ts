/**
 * Details: a summary that is always seen, and content that is shown on demand. Our own form of Tiptap's nodes of the same
 * names: theirs write on load and must not be empty. Whether one is open is the view's affair: reading writes nothing.
 */

import { InputRule, Node, mergeAttributes } from '@tiptap/core'
import type { Node as Tree } from '@tiptap/pm/model'
import { Plugin, PluginKey, TextSelection } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { el, icon } from '../dom.js'
import * as words from '../words.js'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    details: {
      /** Puts the blocks of the selection into details, and the caret into their summary. */
      setDetails: () => ReturnType
      /** The summary becomes a paragraph, with the content behind it. */
      unsetDetails: () => ReturnType
    }
  }
}

const key = new PluginKey<number | null>('details')
const OPEN = 'inkhorn-open'

/** Opens all details around an element: what somebody is led to can be seen. */
export function openAround(element: Element | null): void {
  for (let at = element?.closest('.details') ?? null; at !== null; at = at.parentElement?.closest('.details') ?? null) {
    at.dispatchEvent(new Event(OPEN))
  }
}

/** Opens the details that the selection stands in the content of, and those that were just made. */
function follow(view: EditorView): void {
  const { $from } = view.state.selection
  const open = (pos: number) => {
    const dom = view.nodeDOM(pos)
    if (dom instanceof HTMLElement) openAround(dom)
  }
  for (let depth = $from.depth; depth > 1; depth -= 1) {
    if ($from.node(depth).type.name === 'detailsContent') open($from.before(depth - 1))
  }
  const made = key.getState(view.state)
  if (typeof made === 'number') open(made)
}

export const DetailsSummary = Node.create({
  name: 'detailsSummary',
  content: 'text*',
  defining: true,
  isolating: true,
  selectable: false,
  parseHTML: () => [{ tag: 'summary' }],
  renderHTML: ({ HTMLAttributes }) => ['summary', mergeAttributes(HTMLAttributes), 0],
  addNodeView() {
    return () => {
      const contentDOM = el('div', { class: 'details-summary', dir: 'auto', 'data-empty': words.detailsSummary })
      return { dom: contentDOM, contentDOM }
    }
  },
})

export const DetailsContent = Node.create({
  name: 'detailsContent',
  content: 'block*',
  defining: true,
  isolating: true,
  selectable: false,
  parseHTML: () => [{ tag: 'div[data-type="detailsContent"]' }],
  renderHTML: ({ HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes, { 'data-type': 'detailsContent', class: 'details-content' }), 0],
})

export const Details = Node.create({
  name: 'details',
  group: 'block',
  // Two authors may leave more or fewer parts between them; `tidy.ts` makes it whole.
  content: '(detailsSummary | detailsContent)*',
  defining: true,
  isolating: true,
  parseHTML: () => [{ tag: 'details' }],
  renderHTML: ({ HTMLAttributes }) => ['details', mergeAttributes(HTMLAttributes), 0],

  addCommands() {
    return {
      setDetails: () => ({ tr, state, dispatch }) => {
        const { schema } = state
        const range = tr.selection.$from.blockRange(tr.selection.$to)
        if (range === null) return false
        const blocks = tr.doc.slice(range.start, range.end).content
        const details = schema.node('details', null, [schema.node('detailsSummary'), schema.node('detailsContent', null, blocks)])
        if (!range.parent.canReplaceWith(range.startIndex, range.endIndex, details.type)) return false
        if (dispatch) {
          tr.replaceRangeWith(range.start, range.end, details)
          tr.setSelection(TextSelection.create(tr.doc, range.start + 2)).setMeta(key, range.start).scrollIntoView()
        }
        return true
      },
      unsetDetails: () => ({ tr, state, dispatch }) => {
        const { $from } = tr.selection
        for (let depth = $from.depth; depth > 0; depth -= 1) {
          const node = $from.node(depth)
          if (node.type !== this.type) continue
          const blocks: Tree[] = []
          node.forEach(part => {
            if (part.type.name === 'detailsContent') part.forEach(block => blocks.push(block))
            else if (part.childCount > 0 || blocks.length === 0) blocks.push(state.schema.node('paragraph', null, part.content))
          })
          if (dispatch) {
            const at = $from.before(depth)
            tr.replaceWith(at, $from.after(depth), blocks)
            tr.setSelection(TextSelection.near(tr.doc.resolve(at + 1)))
          }
          return true
        }
        return false
      },
    }
  },

  addInputRules() {
    return [
      new InputRule({
        find: /^:::details\s$/,
        handler: ({ chain, range }) => {
          chain().deleteRange(range).setDetails().run()
        },
      }),
    ]
  },

  addProseMirrorPlugins() {
    return [
      new Plugin<number | null>({
        key,
        state: {
          init: () => null,
          apply: tr => {
            const made: unknown = tr.getMeta(key)
            return typeof made === 'number' ? made : null
          },
        },
        view: () => ({
          update: (view, before) => {
            if (!view.state.selection.eq(before.selection) || key.getState(view.state) !== null) follow(view)
          },
        }),
      }),
    ]
  },

  addNodeView() {
    return ({ node: first }) => {
      const node = first
      const contentDOM = el('div', { class: 'details-parts' })
      const toggle = el('button', {
        type: 'button', class: 'details-toggle', contenteditable: 'false', 'aria-label': words.detailsToggle, 'aria-expanded': 'false',
        onmousedown: event => event.preventDefault(),
        onclick: () => show(toggle.getAttribute('aria-expanded') !== 'true'),
      }, icon('chevron-right'))
      const dom = el('div', { class: 'details' }, toggle, contentDOM)
      const show = (open: boolean) => {
        toggle.setAttribute('aria-expanded', String(open))
        dom.toggleAttribute('data-open', open)
      }
      dom.addEventListener(OPEN, event => {
        // Those around it are asked by name.
        if (event.target === dom) show(true)
      })
      return {
        dom,
        contentDOM,
        update: next => next.type === node.type,
        stopEvent: event => toggle.contains(event.target as globalThis.Node),
        ignoreMutation: mutation => mutation.type !== 'selection' && !contentDOM.contains(mutation.target),
      }
    }
  },
})
