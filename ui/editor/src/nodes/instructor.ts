/** A note for those who teach: learners do not see it. */

import { Node, mergeAttributes, wrappingInputRule } from '@tiptap/core'
import { el, icon } from '../dom.js'
import * as words from '../words.js'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    instructorNote: {
      /** Puts the blocks of the selection into an instructor note. */
      setInstructorNote: () => ReturnType
    }
  }
}

export const InstructorNote = Node.create({
  name: 'instructorNote',
  group: 'block',
  content: 'block*',
  defining: true,
  parseHTML: () => [{ tag: 'aside[data-type="instructorNote"]', priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => ['aside', mergeAttributes(HTMLAttributes, { 'data-type': 'instructorNote' }), 0],
  addCommands() {
    return { setInstructorNote: () => ({ commands }) => commands.wrapIn(this.name) }
  },
  addInputRules() {
    return [wrappingInputRule({ find: /^:::instructor\s$/, type: this.type })]
  },
  addNodeView() {
    return () => {
      const contentDOM = el('div', { class: 'instructor-body' })
      const head = el('div', { class: 'instructor-head', contenteditable: 'false' },
        icon('presentation'), el('span', {}, words.instructorNote), el('span', { class: 'instructor-hint' }, words.instructorHint))
      const dom = el('aside', { class: 'instructor-note', role: 'note', 'aria-label': `${words.instructorNote}. ${words.instructorHint}` }, head, contentDOM)
      return { dom, contentDOM, ignoreMutation: mutation => mutation.type !== 'selection' && head.contains(mutation.target) }
    }
  },
})
