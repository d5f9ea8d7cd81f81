/** Following links: a click with the modifier, or any click where nothing is edited. */

import { Extension } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import { isSafeHref } from '../nodes/marks.js'
import * as words from '../words.js'

export const Links = Extension.create<{ context: Context }>({
  name: 'links',
  addProseMirrorPlugins() {
    const { context } = this.options
    const editor = this.editor
    return [
      new Plugin({
        props: {
          handleDOMEvents: {
            click: (_view, event) => {
              const link = event.target instanceof Element ? event.target.closest('a[href]') : null
              if (link === null) return false
              // The webview must never leave the app.
              event.preventDefault()
              const href = link.getAttribute('href') ?? ''
              const wanted = !editor.isEditable || event.ctrlKey || event.metaKey
              if (!wanted) return false
              if (!isSafeHref(href) || href === '') {
                context.host.event(context.lesson, 'notice', { kind: 'info', message: words.linkRefused })
                return true
              }
              context.host.openLink(context.course, context.lesson, href)
              return true
            },
            auxclick: (_view, event) => {
              if (event.target instanceof Element && event.target.closest('a[href]') !== null) event.preventDefault()
              return false
            },
          },
        },
      }),
    ]
  },
})
