/**
 * Images: blocks of their own. Ours have `src = "asset:<sha256>"`; what is not here is said calmly, with its name and its alternative text.
 */

import { Image } from '@tiptap/extension-image'
import { NodeSelection } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import * as words from '../words.js'

const ASSET = /^asset:([0-9a-f]{64})$/

/** The hash of an image of ours. */
export function assetHash(src: unknown): string | null {
  return typeof src === 'string' ? (ASSET.exec(src)?.[1] ?? null) : null
}

function fileName(src: string): string {
  const path = src.split(/[?#]/)[0] ?? src
  return path.split('/').filter(part => part !== '').pop() ?? src
}

export function lessonImage(context: Context) {
  return Image.extend({
    group: 'block',
    draggable: true,
    addNodeView() {
      return ({ node: first, getPos, editor }) => {
        let node = first
        let shown: string | null = null
        const picture = el('img', { draggable: 'false', loading: 'lazy', decoding: 'async' })
        const name = el('span', { class: 'image-name' })
        const said = el('span', { class: 'image-said' })
        const missing = el('span', { class: 'image-missing' }, icon('image'), el('span', { class: 'image-words' }, name, said))
        const alt = el('input', {
          class: 'image-alt', placeholder: words.imageAlt, 'aria-label': words.imageAlt, spellcheck: 'true',
          onchange: () => {
            const pos = getPos()
            if (typeof pos !== 'number' || !editor.isEditable || alt.value === String(node.attrs.alt ?? '')) return
            const text = alt.value.replace(/\p{Surrogate}/gu, '\uFFFD')
            const tr = editor.state.tr.setNodeMarkup(pos, undefined, { ...node.attrs, alt: text === '' ? null : text })
            editor.view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, pos)))
          },
          onkeydown: event => {
            if (!['Enter', 'Escape'].includes((event as KeyboardEvent).key)) return
            event.preventDefault()
            event.stopPropagation()
            alt.blur()
            const pos = getPos()
            if (typeof pos === 'number') editor.commands.focus(pos + 1)
          },
        })
        const dom = el('div', { class: 'image', contenteditable: 'false' }, picture, missing, alt)

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
          if (document.activeElement !== alt) alt.value = text
          alt.hidden = !editor.isEditable
          if (src !== shown) void load()
        }
        picture.addEventListener('load', () => say('ready'))
        picture.addEventListener('error', () => {
          const src = String(node.attrs.src ?? '')
          if (assetHash(src) !== null) return say('missing', words.imageMissing)
          say('missing', /^https?:/i.test(src) ? `${words.imageRemote} ${new URL(src).host}` : words.imageMissing)
        })
        const stop = context.onAsset(hash => {
          if (assetHash(node.attrs.src) === hash && dom.dataset.state !== 'ready') void load()
        })
        show()
        return {
          dom,
          update: next => {
            if (next.type !== node.type) return false
            node = next
            show()
            return true
          },
          selectNode: () => dom.classList.add('ProseMirror-selectednode'),
          deselectNode: () => dom.classList.remove('ProseMirror-selectednode'),
          stopEvent: event => event.target === alt,
          ignoreMutation: () => true,
          destroy: stop,
        }
      }
    },
  }).configure({ inline: false, allowBase64: true })
}
