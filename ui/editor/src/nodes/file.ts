/** A file of any type: named, with its size, to be saved. It is never opened from here, whatever it is. */

import { Node } from '@tiptap/core'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import * as words from '../words.js'
import { assetHash, fileName, hostOf, sizeOf } from './address.js'
import { dataAttr } from './media.js'
import { drawn, progressLine, saveCopy, saveKey, textButton } from './parts.js'

/** Ends of names of what a computer would run. */
const PROGRAMS = /\.(exe|msi|bat|cmd|com|scr|ps1|vbs|jse?|jar|app|dmg|pkg|sh|run|appimage|desktop|deb|rpm|flatpakref|apk|py|pl|rb|lnk|reg|hta|html?|svg)$/i

export function isProgram(name: string): boolean {
  return PROGRAMS.test(name.trim())
}

export function lessonFile(context: Context) {
  return Node.create({
    name: 'file',
    group: 'block',
    atom: true,
    draggable: true,
    priority: 200,
    addAttributes: () => ({
      src: dataAttr('src'),
      name: dataAttr('name'),
      size: {
        ...dataAttr('size'),
        parseHTML: (e: HTMLElement) => {
          const size = Number(e.getAttribute('data-size') ?? NaN)
          return Number.isSafeInteger(size) && size >= 0 ? size : null
        },
      },
      mime: dataAttr('mime'),
    }),
    parseHTML: () => [{ tag: 'div[data-file]' }],
    renderHTML: ({ HTMLAttributes }) => ['div', { ...HTMLAttributes, 'data-file': '' }],
    addKeyboardShortcuts() {
      return { 'Mod-Enter': () => saveKey(context, this.editor, 'file') }
    },
    addNodeView() {
      return ({ node: first, editor }) => {
        let node = first
        let here = false
        let shown: string | null = null
        const name = el('span', { class: 'media-name' })
        const said = el('span', { class: 'media-said' })
        const save = textButton('download', words.saveCopy, () => saveCopy(context, node))
        const open = textButton('external-link', words.openInBrowser, () => context.host.openLink(context.course, context.lesson, String(node.attrs.src)))
        const progress = progressLine(context, () => assetHash(node.attrs.src))
        const dom = el('div', { class: 'media file-block', 'data-kind': 'file', contenteditable: 'false' },
          el('div', { class: 'media-note' }, icon('paperclip'), el('span', { class: 'media-words' }, name, said), save, open), progress.dom)
        const label = () => {
          const src = String(node.attrs.src ?? '')
          const hash = assetHash(src)
          const remote = hash === null && /^https:/i.test(src) ? hostOf(src) : ''
          const text = String(node.attrs.name ?? '') || (hash === null ? fileName(src) : words.file)
          const size = typeof node.attrs.size === 'number' ? sizeOf(node.attrs.size) : ''
          const state = remote !== '' ? words.fileRemote(remote) : hash === null ? words.mediaMissing('file')
            : !here ? words.mediaWaiting('file') : isProgram(text) ? words.program : ''
          name.textContent = text
          said.textContent = [size, state].filter(part => part !== '').join(' · ')
          dom.dataset.state = remote !== '' ? 'remote' : here ? 'ready' : 'missing'
          save.hidden = !here
          save.setAttribute('aria-label', words.saveCopyOf(text))
          open.hidden = remote === ''
        }
        const load = async () => {
          const src = String(node.attrs.src ?? '')
          shown = src
          const hash = assetHash(src)
          const url = hash === null ? null : await context.host.assetUrl(context.course, hash).catch(() => null)
          if (shown !== src) return
          here = url !== null
          label()
        }
        const show = () => {
          label()
          progress.show()
          if (String(node.attrs.src ?? '') !== shown) void load()
        }
        const stop = context.onAsset(hash => {
          if (assetHash(node.attrs.src) === hash && !here) void load()
        })
        show()
        return {
          ...drawn(dom, node.type, next => {
            node = next
            show()
          }),
          stopEvent: event => event.target instanceof Element && event.target.closest('button') !== null && editor.view !== null,
          destroy: () => {
            shown = null
            stop()
            progress.end()
          },
        }
      }
    },
  })
}
