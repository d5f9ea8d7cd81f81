/** Blocks without text of their own: HTML that is kept, and what a newer Inkhorn has made. */

import { Node } from '@tiptap/core'
import { el, icon } from '../dom.js'
import * as words from '../words.js'

/** Kept verbatim, shown as source, never run: the text goes in as text. */
export const HtmlBlock = Node.create({
  name: 'htmlBlock',
  group: 'block',
  atom: true,
  defining: true,
  addAttributes() {
    return {
      html: { default: '', parseHTML: e => e.getAttribute('data-html') ?? '', renderHTML: a => ({ 'data-html': a.html }) },
    }
  },
  parseHTML: () => [{ tag: 'div[data-html-block]' }],
  renderHTML: ({ HTMLAttributes }) => ['div', { ...HTMLAttributes, 'data-html-block': '' }],
  addNodeView() {
    return ({ node }) => {
      const source = el('code', {}, String(node.attrs.html ?? ''))
      const dom = el('div', { class: 'html-block', contenteditable: 'false' },
        el('div', { class: 'html-block-head' }, icon('code'), words.htmlBlock),
        el('pre', {}, source))
      return {
        dom,
        update: next => {
          if (next.type !== node.type) return false
          source.textContent = String(next.attrs.html ?? '')
          return true
        },
        ignoreMutation: () => true,
      }
    }
  },
})

/** As `UnknownBlock`, among texts: the sentence around it can be read. */
export const UnknownInline = Node.create({
  name: 'inkhornUnknownInline',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: () => ({ name: { default: '' }, text: { default: '' } }),
  renderHTML: ({ node }) => {
    const text = String(node.attrs.text ?? '')
    return ['span', { class: 'unknown-inline', role: 'note', title: words.unknownBlock, 'aria-label': `${words.unknownBlock} ${text}`.trim() }, text === '' ? '…' : text]
  },
})

/** Stands for a block that this version does not know. Only in the reader's schema: the editor never opens such a lesson. */
export const UnknownBlock = Node.create({
  name: 'inkhornUnknown',
  group: 'block',
  atom: true,
  addAttributes: () => ({ name: { default: '' }, text: { default: '' } }),
  renderHTML: ({ node }) => [
    'div', { class: 'unknown-block', role: 'note' },
    ['p', { class: 'unknown-block-head' }, words.unknownBlock],
    ['p', { class: 'unknown-block-text' }, String(node.attrs.text ?? '')],
  ],
})
