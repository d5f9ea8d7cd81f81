/** Video and audio. Played from this computer only: what is elsewhere is a link, so that reading a lesson tells nobody. */

import { Node } from '@tiptap/core'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import * as words from '../words.js'
import { assetHash, fileName, hostOf } from './address.js'
import { drawn, field, progressLine, saveCopy, saveKey, textButton } from './parts.js'

type Kind = 'video' | 'audio'
type State = 'loading' | 'ready' | 'missing' | 'unplayable' | 'remote'

/** Reads an attribute from our own HTML, in which nothing has a `src` that the page would load. */
export function dataAttr(name: string): object {
  return {
    default: null,
    parseHTML: (e: HTMLElement) => e.getAttribute(`data-${name}`),
    renderHTML: (a: Record<string, unknown>) => (a[name] === null || a[name] === undefined ? {} : { [`data-${name}`]: String(a[name]) }),
  }
}

export function lessonMedia(kind: Kind, context: Context) {
  return Node.create({
    name: kind,
    group: 'block',
    atom: true,
    draggable: true,
    // Before the line break, which has the same key.
    priority: 200,
    addAttributes: () => ({ src: dataAttr('src'), name: dataAttr('name'), caption: dataAttr('caption') }),
    parseHTML: () => [
      { tag: `div[data-media="${kind}"]` },
      {
        tag: kind,
        getAttrs: (element: HTMLElement) => {
          const src = element.getAttribute('src') ?? element.querySelector('source')?.getAttribute('src') ?? ''
          return /^https:/i.test(src) ? { src, name: fileName(src) } : false
        },
      },
    ],
    renderHTML: ({ HTMLAttributes }) => ['div', { ...HTMLAttributes, 'data-media': kind }],
    addKeyboardShortcuts() {
      return { 'Mod-Enter': () => saveKey(context, this.editor, kind) }
    },
    addNodeView() {
      return ({ node: first, getPos, editor }) => {
        let node = first
        let shown: string | null = null
        let held: string | null = null
        const block = { editor, getPos, node: () => node }
        const player = el(kind, { controls: true, preload: 'metadata', class: 'media-player' })
        const name = el('span', { class: 'media-name' })
        const said = el('span', { class: 'media-said' })
        const save = textButton('download', words.saveCopy, () => saveCopy(context, node))
        const open = textButton('external-link', words.openInBrowser, () => context.host.openLink(context.course, context.lesson, String(node.attrs.src)))
        const note = el('div', { class: 'media-note' }, icon(kind === 'video' ? 'film' : 'music'), el('span', { class: 'media-words' }, name, said), save, open)
        const caption = field(block, 'caption', words.caption, 'block-caption')
        const progress = progressLine(context, () => assetHash(node.attrs.src))
        const dom = el('div', { class: 'media', 'data-kind': kind, contenteditable: 'false' }, player, note, caption.dom, progress.dom)

        const say = (state: State, sentence = '') => {
          dom.dataset.state = state
          said.textContent = sentence
          save.hidden = state !== 'unplayable'
          open.hidden = state !== 'remote'
        }
        const letGo = () => {
          if (held !== null) URL.revokeObjectURL(held)
          held = null
        }
        /** Some webviews play nothing from an app's own addresses, but do from memory. */
        const fromMemory = async (url: string, src: string) => {
          try {
            const bytes = await (await fetch(url)).blob()
            if (shown !== src) return
            held = URL.createObjectURL(bytes)
            player.src = held
          } catch {
            say('unplayable', words.unplayable(kind))
          }
        }
        let tried = ''
        const load = async () => {
          const src = String(node.attrs.src ?? '')
          const hash = assetHash(src)
          shown = src
          tried = ''
          letGo()
          if (hash === null) {
            player.removeAttribute('src')
            if (/^https:/i.test(src) && hostOf(src) !== '') say('remote', words.mediaRemote(kind, hostOf(src)))
            else say('missing', words.mediaMissing(kind))
            return
          }
          say('loading')
          const url = await context.host.assetUrl(context.course, hash).catch(() => null)
          if (shown !== src) return
          if (url === null) return say('missing', words.mediaWaiting(kind))
          tried = url
          player.src = url
        }
        player.addEventListener('loadedmetadata', () => say('ready'))
        player.addEventListener('error', () => {
          const src = String(node.attrs.src ?? '')
          if (shown !== src || tried === '') return
          if (held === null && !tried.startsWith('blob:')) void fromMemory(tried, src)
          else say('unplayable', words.unplayable(kind))
        })
        const stop = context.onAsset(hash => {
          if (assetHash(node.attrs.src) === hash && dom.dataset.state === 'missing') void load()
        })
        const show = () => {
          const src = String(node.attrs.src ?? '')
          name.textContent = String(node.attrs.name ?? '') || (assetHash(src) === null ? fileName(src) : '')
          player.setAttribute('aria-label', `${words.mediaName(kind)} ${name.textContent}`.trim())
          caption.show()
          progress.show()
          if (src !== shown) void load()
        }
        show()
        return {
          ...drawn(dom, node.type, next => {
            node = next
            show()
          }),
          // The player's own controls and the fields are not the text's business.
          stopEvent: event => event.target !== dom && !/^drag/.test(event.type),
          destroy: () => {
            shown = null
            stop()
            progress.end()
            letGo()
            player.removeAttribute('src')
          },
        }
      }
    },
  })
}
