/**
 * Images: blocks of their own. Ours have `src = "asset:<sha256>"`; what is not here is said calmly, with its name and its alternative text.
 */

import { Image } from '@tiptap/extension-image'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import * as words from '../words.js'
import { assetHash, fileName } from './address.js'
import { dataAttr } from './media.js'
import { drawn, field, progressLine } from './parts.js'

export { assetHash } from './address.js'

export function lessonImage(context: Context) {
  return Image.extend({
    group: 'block',
    draggable: true,
    addAttributes() {
      return { ...this.parent?.(), caption: dataAttr('caption') }
    },
    addNodeView() {
      return ({ node: first, getPos, editor }) => {
        let node = first
        let shown: string | null = null
        const block = { editor, getPos, node: () => node }
        const picture = el('img', { draggable: 'false', loading: 'lazy', decoding: 'async' })
        const name = el('span', { class: 'image-name' })
        const said = el('span', { class: 'image-said' })
        const missing = el('span', { class: 'image-missing' }, icon('image'), el('span', { class: 'image-words' }, name, said))
        const caption = field(block, 'caption', words.caption, 'block-caption')
        const alt = field(block, 'alt', words.imageAlt, 'image-alt')
        const progress = progressLine(context, () => assetHash(node.attrs.src))
        const dom = el('div', { class: 'image', contenteditable: 'false' }, picture, missing, caption.dom, alt.dom, progress.dom)

        const say = (state: 'loading' | 'ready' | 'missing', sentence = '') => {
          dom.dataset.state = state
          said.textContent = sentence
        }
        const load = async () => {
          const src = String(node.attrs.src ?? '')
          const hash = assetHash(src)
          shown = src
          if (hash === null) {
            if (/^(https?|blob):/i.test(src) || /^data:image\//i.test(src)) {
              say('loading')
              picture.src = src
            } else say('missing', words.imageMissing)
            return
          }
          say('loading')
          const url = await context.host.assetUrl(context.course, hash).catch(() => null)
          if (shown !== src) return
          if (url === null) say('missing', words.imageWaiting)
          else picture.src = url
        }
        const show = () => {
          const text = String(node.attrs.alt ?? '')
          const src = String(node.attrs.src ?? '')
          picture.alt = text
          if (node.attrs.title === null) picture.removeAttribute('title')
          else picture.title = String(node.attrs.title)
          for (const side of ['width', 'height'] as const) {
            if (node.attrs[side] === null) picture.removeAttribute(side)
            else picture.setAttribute(side, String(node.attrs[side]))
          }
          name.textContent = text !== '' ? text : assetHash(src) === null ? fileName(src) : ''
          caption.show()
          alt.show()
          alt.dom.hidden = !editor.isEditable
          progress.show()
          if (src !== shown) void load()
        }
        picture.addEventListener('load', () => say('ready'))
        picture.addEventListener('error', () => {
          const src = String(node.attrs.src ?? '')
          // It is here, so what it holds is no image: kept as it is, and said.
          if (assetHash(src) !== null) return say('missing', words.imageBroken)
          say('missing', /^https?:/i.test(src) ? `${words.imageRemote} ${new URL(src).host}` : words.imageMissing)
        })
        const stop = context.onAsset(hash => {
          if (assetHash(node.attrs.src) === hash && dom.dataset.state !== 'ready') void load()
        })
        show()
        return {
          ...drawn(dom, node.type, next => {
            node = next
            show()
          }),
          stopEvent: event => event.target === alt.dom || event.target === caption.dom,
          destroy: () => {
            stop()
            progress.end()
          },
        }
      }
    },
  }).configure({ inline: false, allowBase64: true })
}
