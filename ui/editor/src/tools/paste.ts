/** What comes in from outside: image files, data addresses, Markdown, the HTML of word processors. */

import { Extension } from '@tiptap/core'
import { Fragment, Slice, type Node } from '@tiptap/pm/model'
import { Plugin } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import type { BodyNode } from '../host.js'
import { isSafeHref } from '../nodes/marks.js'
import { clean, isAbyss, isOnlyImage } from '../paste/clean.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import { insertFiles } from './files.js'

/** The same block without links that must not be followed; their text stays. */
export function withoutBadLinks(node: BodyNode): BodyNode {
  return {
    ...node,
    ...(node.marks === undefined ? {} : { marks: node.marks.filter(mark => mark.type !== 'link' || isSafeHref(String(mark.attrs?.href ?? ''))) }),
    ...(node.content === undefined ? {} : { content: node.content.map(withoutBadLinks) }),
  }
}

/** Whether plain text is worth reading as Markdown: it has a block or a mark that only Markdown writes so. */
export function looksLikeMarkdown(text: string): boolean {
  return [
    /^#{1,6}\s+\S/m, /^\s{0,3}[-*+]\s+\S/m, /^\s{0,3}\d{1,3}[.)]\s+\S/m, /^\s{0,3}>\s?\S/m, /^(```|~~~)/m, /^\|.+\|\s*$/m,
    /\*\*[^*\s][^*]*\*\*/, /!?\[[^\]\n]+\]\([^)\n]+\)/, /`[^`\n]+`/,
  ].some(sign => sign.test(text))
}

/** Takes images that carry their bytes in their address out of a slice; they are stored as files instead. */
function withoutDataImages(slice: Slice, found: string[]): Slice {
  const strip = (fragment: Fragment): Fragment => {
    const kept: Node[] = []
    fragment.forEach(node => {
      const src: unknown = node.attrs.src
      if (node.type.name === 'image' && typeof src === 'string' && src.startsWith('data:')) found.push(src)
      else kept.push(node.isText ? node : node.copy(strip(node.content)))
    })
    return Fragment.fromArray(kept)
  }
  return new Slice(strip(slice.content), slice.openStart, slice.openEnd)
}

function fileOf(address: string, number: number): File | null {
  const match = /^data:(image\/[a-z+.-]+);base64,([a-z0-9+/=\s]+)$/i.exec(address)
  if (match?.[1] === undefined || match[2] === undefined) return null
  try {
    const bytes = Uint8Array.from(atob(match[2].replace(/\s/g, '')), letter => letter.charCodeAt(0))
    return new File([bytes], `pasted-${number}.${match[1].slice(6).replace('+xml', '')}`, { type: match[1] })
  } catch {
    return null
  }
}

export const Paste = Extension.create<{ context: Context }>({
  name: 'lessonPaste',
  addProseMirrorPlugins() {
    const editor = this.editor
    const { context } = this.options
    let plainOnly = false
    return [
      new Plugin({
        props: {
          transformPastedHTML: html => {
            const cleaned = clean(html)
            if (cleaned.lostImages > 0) {
              context.host.event(context.lesson, 'notice', { kind: 'info', message: words.imagesNotPasted(cleaned.lostImages) })
            }
            return cleaned.html
          },
          transformPasted: slice => {
            const addresses: string[] = []
            const clean = withoutDataImages(slice, addresses)
            const files = addresses.map((address, at) => fileOf(address, at + 1)).filter(file => file !== null)
            // After the paste itself, which is still under way.
            if (files.length > 0) queueMicrotask(() => void insertFiles(editor, context, files, null))
            return clean
          },
          handleKeyDown: (_view, event) => {
            plainOnly = event.key.toLowerCase() === 'v' && event.shiftKey && (event.ctrlKey || event.metaKey)
            return false
          },
          handlePaste: (view, event) => {
            // A paste by a program has an event without data.
            const data = event.clipboardData as DataTransfer | null | undefined
            if (data === null || data === undefined || !view.editable) return false
            const html = data.getData('text/html')
            const text = data.getData('text/plain')
            const files = [...data.files]
            // Word and Excel add a picture of what was copied: the text itself is better.
            if (files.length > 0 && (html === '' || (!isAbyss(html) && isOnlyImage(html)))) {
              void insertFiles(editor, context, files, null)
              return true
            }
            const inCode = view.state.selection.$from.parent.type.spec.code === true
            const parse = context.host.markdownToBlocks?.bind(context.host)
            if (html !== '' || plainOnly || inCode || parse === undefined || !looksLikeMarkdown(text)) return false
            void parse(toWellFormed(text)).then(
              blocks => editor.isEditable && editor.commands.insertContent(blocks.map(withoutBadLinks)),
              () => editor.commands.insertContent(text),
            )
            return true
          },
          handleDrop: (view, event, _slice, moved) => {
            const files = [...(event.dataTransfer?.files ?? [])]
            if (moved || files.length === 0 || !view.editable) return false
            const spot = view.posAtCoords({ left: event.clientX, top: event.clientY })
            event.preventDefault()
            void insertFiles(editor, context, files, spot?.pos ?? null)
            return true
          },
        },
      }),
    ]
  },
})
