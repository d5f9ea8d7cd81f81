/**
 * A page on the web in a lesson. It is a card until the reader asks for the page: reading a course tells nobody. The page
 * runs in a frame of its own, without a way out of it.
 */

import { Node } from '@tiptap/core'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import { toWellFormed } from '../tidy.js'
import * as words from '../words.js'
import { completeAddress, frameAddress, hostOf, pageTrouble } from './address.js'
import { dataAttr } from './media.js'
import { field, setAttrs, textButton } from './parts.js'

/** What the page may do: run, in its own origin, and fill the screen. No windows, no forms of ours, no way to the top. */
const SANDBOX = 'allow-scripts allow-same-origin allow-presentation allow-forms'

export function lessonEmbed(context: Context) {
  return Node.create({
    name: 'embed',
    group: 'block',
    atom: true,
    draggable: true,
    addAttributes: () => ({ src: dataAttr('src'), title: dataAttr('title'), caption: dataAttr('caption') }),
    parseHTML: () => [
      { tag: 'div[data-embed]' },
      {
        tag: 'iframe',
        getAttrs: (element: HTMLElement) => {
          const src = (element.getAttribute('src') ?? '').replace(/^\/\//, 'https://')
          return pageTrouble(src) === null ? { src, title: element.getAttribute('title') } : false
        },
      },
    ],
    renderHTML: ({ HTMLAttributes }) => ['div', { ...HTMLAttributes, 'data-embed': '' }],
    addNodeView() {
      return ({ node: first, getPos, editor }) => {
        let node = first
        let open = false
        let editing = false
        const block = { editor, getPos, node: () => node }
        const src = () => String(node.attrs.src ?? '')

        const name = el('span', { class: 'media-name' })
        const said = el('span', { class: 'media-said' })
        const showPage = textButton('play', words.embedShow, () => show(true))
        const hidePage = textButton('x', words.embedHide, () => show(false))
        const browser = textButton('external-link', words.openInBrowser, () => context.host.openLink(context.course, context.lesson, src()))
        const change = textButton('pencil', words.embedChange, () => edit())
        const buttons = el('span', { class: 'media-buttons' }, showPage, hidePage, browser, change)
        const card = el('div', { class: 'media-note' }, icon('globe'), el('span', { class: 'media-words' }, name, said), buttons)

        const address = el('input', { class: 'field', 'aria-label': words.embedAddress, placeholder: words.embedAddress, spellcheck: 'false', inputmode: 'url' })
        const title = el('input', { class: 'field', 'aria-label': words.embedTitle, placeholder: words.embedTitle, spellcheck: 'true' })
        const trouble = el('p', { class: 'media-trouble', role: 'alert' })
        const form = el('form', {
          class: 'embed-form', hidden: true,
          onsubmit: event => {
            event.preventDefault()
            accept()
          },
          onkeydown: event => {
            if ((event as KeyboardEvent).key !== 'Escape') return
            event.preventDefault()
            event.stopPropagation()
            leave()
          },
        }, address, title, el('button', { type: 'submit', class: 'button primary' }, words.embedSet), trouble)
        const place = el('div', { class: 'embed-page' })
        const caption = field(block, 'caption', words.caption, 'block-caption')
        const dom = el('div', { class: 'media embed', 'data-kind': 'embed', contenteditable: 'false' }, card, form, place, caption.dom)

        const refuse = (why: string) => {
          trouble.textContent = why
          if (why === '') address.removeAttribute('aria-invalid')
          else address.setAttribute('aria-invalid', 'true')
        }
        const edit = () => {
          editing = true
          address.value = src()
          title.value = String(node.attrs.title ?? '')
          refuse('')
          draw()
          address.focus()
        }
        const leave = () => {
          editing = false
          draw()
          const pos = getPos()
          if (typeof pos === 'number') editor.commands.focus(pos + node.nodeSize)
        }
        const accept = () => {
          const wanted = toWellFormed(completeAddress(address.value))
          const why = pageTrouble(wanted)
          if (why !== null) {
            refuse(why)
            address.focus()
            return
          }
          editing = false
          open = false
          const text = toWellFormed(title.value.trim())
          setAttrs(block, { src: wanted, title: text === '' ? null : text })
          leave()
        }
        /** The only place where a page is loaded. */
        const show = (wanted: boolean) => {
          open = wanted && pageTrouble(src()) === null && navigator.onLine
          draw()
          if (wanted && !open && !navigator.onLine) said.textContent = words.embedOffline
        }
        const draw = () => {
          const why = pageTrouble(src())
          const empty = src() === ''
          const asked = editor.isEditable && (editing || empty)
          dom.dataset.state = empty ? 'empty' : why !== null ? 'refused' : open ? 'open' : 'closed'
          form.hidden = !asked
          card.hidden = asked && empty
          const host = why === null ? hostOf(src()) : ''
          name.textContent = String(node.attrs.title ?? '') || host || src() || words.embedEmpty
          said.textContent = why === null ? (open ? words.embedOpen(host) : words.embedClosed(host)) : empty ? '' : `${words.embedRefused} ${why}`
          showPage.hidden = why !== null || open
          hidePage.hidden = !open
          browser.hidden = why !== null
          change.hidden = !editor.isEditable || asked
          caption.show()
          caption.dom.hidden = caption.dom.hidden || (asked && empty)
          if (!open || why !== null) place.replaceChildren()
          else if (place.querySelector('iframe')?.dataset.of !== src()) {
            place.replaceChildren(el('iframe', {
              sandbox: SANDBOX, allow: 'fullscreen; picture-in-picture', allowfullscreen: true, referrerpolicy: 'strict-origin-when-cross-origin',
              loading: 'eager', title: name.textContent, 'data-of': src(), src: frameAddress(src()),
            }))
          }
        }
        draw()
        return {
          dom,
          update: next => {
            if (next.type !== node.type) return false
            // Somebody gave it another address: that page is another question.
            if (next.attrs.src !== node.attrs.src) open = false
            node = next
            draw()
            return true
          },
          selectNode: () => {
            dom.classList.add('ProseMirror-selectednode')
            if (src() === '' && editor.isEditable) setTimeout(() => dom.isConnected && address.focus())
          },
          deselectNode: () => dom.classList.remove('ProseMirror-selectednode'),
          stopEvent: event => event.target instanceof Element && event.target.closest('button, input, textarea, iframe, form') !== null,
          ignoreMutation: () => true,
        }
      }
    },
  })
}
