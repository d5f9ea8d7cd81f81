/** Marks that StarterKit has not, or has otherwise. */

import { Mark, mergeAttributes } from '@tiptap/core'
import { Code } from '@tiptap/extension-code'
import { Link } from '@tiptap/extension-link'

export const Subscript = Mark.create({
  name: 'subscript',
  excludes: 'subscript superscript',
  parseHTML: () => [{ tag: 'sub' }],
  renderHTML: ({ HTMLAttributes }) => ['sub', mergeAttributes(HTMLAttributes), 0],
  addKeyboardShortcuts() {
    return { 'Mod-,': () => this.editor.commands.toggleMark(this.name) }
  },
})

export const Superscript = Mark.create({
  name: 'superscript',
  excludes: 'subscript superscript',
  parseHTML: () => [{ tag: 'sup' }],
  renderHTML: ({ HTMLAttributes }) => ['sup', mergeAttributes(HTMLAttributes), 0],
  addKeyboardShortcuts() {
    return { 'Mod-.': () => this.editor.commands.toggleMark(this.name) }
  },
})

/** Code may be a link and may be bold: Markdown says both, and Tiptap's own form would drop them. */
export const InlineCode = Code.extend({ excludes: 'code' })

/** Schemes that a link may have; a relative address (as an import kept it) has none. */
const SCHEMES = /^(https?|mailto|tel|ftps?|lesson|asset|xmpp|sms):/i

export function isSafeHref(href: string): boolean {
  const visible = [...href].filter(letter => letter > ' ').join('')
  return SCHEMES.test(visible) || !/^[a-z][a-z0-9+.-]*:/i.test(visible)
}

/**
 * Opening is the host's work and wants a modifier, since a click places the caret. Nothing is linked by itself: Tiptap's
 * autolink would also do it while a lesson is being loaded.
 */
export const LessonLink = Link.extend({
  inclusive: false,
  addAttributes() {
    // Every attribute that Tiptap clients write is known, so that it stays; none has a default, so that none is added.
    const plain = { default: null }
    return { href: { default: null }, title: plain, target: plain, rel: plain, class: plain }
  },
}).configure({
  openOnClick: false,
  autolink: false,
  linkOnPaste: true,
  defaultProtocol: 'https',
  isAllowedUri: href => isSafeHref(href),
})
