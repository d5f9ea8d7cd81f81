/** The block menu that "/" opens: a listbox that the text field controls, so that the focus stays in the text. */

import { Extension, type ChainedCommands, type Editor } from '@tiptap/core'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import * as words from '../words.js'
import { editSelected } from './atom-field.js'
import { chooseFiles, insertEmbed } from './files.js'
import { Popup } from './popup.js'

interface Block {
  name: string
  icon: string
  /** Other words by which it is found. */
  also: string
  keys: string
  run(chain: ChainedCommands, editor: Editor, context: Context): void
}

const BLOCKS: Block[] = [
  { name: 'Text', icon: 'pilcrow', also: 'paragraph plain', keys: 'Mod+Alt+0', run: c => c.setParagraph().run() },
  { name: 'Heading 1', icon: 'heading-1', also: 'title h1 #', keys: 'Mod+Alt+1', run: c => c.setHeading({ level: 1 }).run() },
  { name: 'Heading 2', icon: 'heading-2', also: 'subtitle h2 ##', keys: 'Mod+Alt+2', run: c => c.setHeading({ level: 2 }).run() },
  { name: 'Heading 3', icon: 'heading-3', also: 'h3 ###', keys: 'Mod+Alt+3', run: c => c.setHeading({ level: 3 }).run() },
  { name: 'Heading 4', icon: 'heading-4', also: 'h4 ####', keys: 'Mod+Alt+4', run: c => c.setHeading({ level: 4 }).run() },
  { name: 'Bulleted list', icon: 'list', also: 'unordered ul points', keys: 'Mod+Shift+8', run: c => c.toggleBulletList().run() },
  { name: 'Numbered list', icon: 'list-ordered', also: 'ordered ol steps', keys: 'Mod+Shift+7', run: c => c.toggleOrderedList().run() },
  { name: 'Task list', icon: 'list-checks', also: 'todo checkbox exercise', keys: 'Mod+Shift+9', run: c => c.toggleTaskList().run() },
  { name: 'Quote', icon: 'quote', also: 'blockquote citation', keys: 'Mod+Shift+B', run: c => c.toggleBlockquote().run() },
  { name: 'Note', icon: 'info', also: 'callout admonition box', keys: '', run: c => c.setCallout('note').run() },
  { name: 'Tip', icon: 'lightbulb', also: 'callout hint', keys: '', run: c => c.setCallout('tip').run() },
  { name: 'Warning', icon: 'triangle-alert', also: 'callout caution danger', keys: '', run: c => c.setCallout('warning').run() },
  { name: 'Objective', icon: 'target', also: 'callout goal aim learning outcome', keys: '', run: c => c.setCallout('objective').run() },
  { name: 'Key point', icon: 'key-round', also: 'callout summary takeaway remember', keys: '', run: c => c.setCallout('key-point').run() },
  { name: 'Example', icon: 'shapes', also: 'callout case sample', keys: '', run: c => c.setCallout('example').run() },
  { name: 'Instructor note', icon: 'presentation', also: 'teacher trainer hidden', keys: '', run: c => c.setInstructorNote().run() },
  { name: 'Details', icon: 'list-collapse', also: 'toggle fold accordion spoiler solution', keys: '', run: c => c.setDetails().run() },
  { name: 'Two columns', icon: 'columns-2', also: 'layout side by side', keys: '', run: c => c.setColumns(2).run() },
  { name: 'Three columns', icon: 'columns-3', also: 'layout side by side', keys: '', run: c => c.setColumns(3).run() },
  { name: 'Formula', icon: 'sigma', also: 'math equation latex block', keys: '', run: (c, editor) => { c.insertBlockMath('').run(); editSelected(editor) } },
  { name: 'Formula in the text', icon: 'radical', also: 'math equation latex inline', keys: '', run: (c, editor) => { c.insertInlineMath('').run(); editSelected(editor) } },
  { name: 'Footnote', icon: 'asterisk', also: 'note reference citation', keys: '', run: (c, editor) => { c.insertFootnote('').run(); editSelected(editor) } },
  { name: 'Code block', icon: 'square-code', also: 'pre program source', keys: 'Mod+Alt+C', run: c => c.setCodeBlock().run() },
  { name: 'Table', icon: 'table', also: 'grid rows columns', keys: '', run: c => c.insertTable(3, 3).run() },
  { name: 'Image', icon: 'image', also: 'picture photo figure file', keys: '', run: (c, editor, context) => { c.run(); chooseFiles(editor, context, 'image/*') } },
  { name: 'Video', icon: 'film', also: 'movie clip mp4 webm media', keys: '', run: (c, editor, context) => { c.run(); chooseFiles(editor, context, 'video/*') } },
  { name: 'Audio', icon: 'music', also: 'sound podcast mp3 recording media', keys: '', run: (c, editor, context) => { c.run(); chooseFiles(editor, context, 'audio/*') } },
  { name: 'File', icon: 'paperclip', also: 'attachment download document pdf upload', keys: '', run: (c, editor, context) => { c.run(); chooseFiles(editor, context, '') } },
  { name: 'Embed', icon: 'globe', also: 'iframe youtube vimeo web page site', keys: '', run: (c, editor) => { c.run(); insertEmbed(editor) } },
  { name: 'Divider', icon: 'minus', also: 'rule line hr separator', keys: '', run: c => c.setHorizontalRule().run() },
]

export function findBlocks(query: string): string[] {
  return matching(query).map(block => block.name)
}

function matching(query: string): Block[] {
  const wanted = query.trim().toLowerCase()
  const starts = BLOCKS.filter(block => block.name.toLowerCase().startsWith(wanted))
  const holds = BLOCKS.filter(block => !starts.includes(block) && `${block.name} ${block.also}`.toLowerCase().includes(wanted))
  return [...starts, ...holds]
}

const key = new PluginKey<{ from: number } | null>('slash')
let count = 0

export const Slash = Extension.create<{ context: Context }>({
  name: 'slash',
  // Before the list and table keys: an open menu has the arrows, Enter and Tab.
  priority: 900,

  addProseMirrorPlugins() {
    const editor = this.editor
    const { context } = this.options
    count += 1
    const id = `slash-${count}`
    const list = el('div', { class: 'menu slash-menu', role: 'listbox', id, 'aria-label': words.blocks, onmousedown: e => e.preventDefault() })
    let popup: Popup | null = null
    let shown: Block[] = []
    let chosen = 0

    const close = () => {
      popup?.hide()
      editor.view.dom.removeAttribute('aria-activedescendant')
      editor.view.dom.removeAttribute('aria-controls')
    }
    const leave = () => {
      editor.view.dispatch(editor.state.tr.setMeta(key, 'close'))
    }
    const pick = (block: Block | undefined) => {
      const state = key.getState(editor.state)
      if (block === undefined || state === null || state === undefined) return
      const to = editor.state.selection.from
      const chain = editor.chain().focus().deleteRange({ from: state.from, to })
      block.run(chain, editor, context)
    }
    const mark = () => {
      ;[...list.querySelectorAll('[role=option]')].forEach((option, at) => {
        option.setAttribute('aria-selected', String(at === chosen))
        if (at === chosen) {
          option.scrollIntoView({ block: 'nearest' })
          editor.view.dom.setAttribute('aria-activedescendant', option.id)
        }
      })
    }
    const render = (query: string) => {
      shown = matching(query)
      chosen = Math.min(chosen, Math.max(0, shown.length - 1))
      list.replaceChildren(...(shown.length === 0 ? [nothing] : shown.map(option)))
      mark()
    }
    const nothing = el('div', { class: 'menu-title' }, words.noBlock)
    // Made once: an icon of a sprite is drawn a moment after it was put in, which would flicker with each key.
    const options = new Map<Block, HTMLElement>()
    const option = (block: Block): HTMLElement => {
      const made = options.get(block) ?? el('div', {
        class: 'menu-item', role: 'option', id: `${id}-${BLOCKS.indexOf(block)}`,
        onclick: () => pick(block),
        onmousemove: () => {
          const at = shown.indexOf(block)
          if (chosen === at) return
          chosen = at
          mark()
        },
      }, icon(block.icon), el('span', {}, block.name), el('span', { class: 'menu-keys' }, words.keys(block.keys)))
      options.set(block, made)
      return made
    }

    return [
      new Plugin<{ from: number } | null>({
        key,
        state: {
          init: () => null,
          apply: (tr, open, _before, after) => {
            const meta: unknown = tr.getMeta(key)
            if (meta === 'close') return null
            if (typeof meta === 'number') return { from: meta }
            if (open === null) return null
            const from = tr.mapping.map(open.from, -1)
            const { selection } = after
            const inside = selection.empty && selection.from > from && after.doc.resolve(from).sameParent(selection.$from)
            const text = inside ? after.doc.textBetween(from, selection.from) : ''
            // A second word is kept while it still finds something; else it was just a slash.
            return /^\/[^\n/]{0,24}$/.test(text) && (matching(text.slice(1)).length > 0 || !text.includes(' ')) ? { from } : null
          },
        },
        props: {
          handleTextInput: (view, from, to, text) => {
            if (text !== '/' || !view.editable) return false
            const { $from } = view.state.selection
            if ($from.parent.type.spec.code === true || !$from.parent.isTextblock) return false
            const before = $from.parent.textBetween(0, $from.parentOffset, undefined, '\uFFFC')
            if (before !== '' && !/\s$/.test(before)) return false
            chosen = 0
            view.dispatch(view.state.tr.insertText('/', from, to).setMeta(key, from))
            return true
          },
          handleKeyDown: (view, event) => {
            if (key.getState(view.state) === null || popup?.isOpen !== true) return false
            if (event.key === 'Escape') leave()
            else if (event.key === 'ArrowDown') chosen = (chosen + 1) % Math.max(1, shown.length)
            else if (event.key === 'ArrowUp') chosen = (chosen - 1 + shown.length) % Math.max(1, shown.length)
            else if (event.key === 'Enter' || event.key === 'Tab') {
              if (shown.length === 0) {
                leave()
                return false
              }
              pick(shown[chosen])
            } else return false
            if (event.key.startsWith('Arrow')) mark()
            event.stopPropagation()
            return true
          },
        },
        view: () => {
          popup = new Popup(editor, list, 'below')
          return {
            update: view => {
              const state = key.getState(view.state)
              if (state === null || state === undefined || !view.editable || !view.hasFocus()) return close()
              render(view.state.doc.textBetween(state.from + 1, view.state.selection.from))
              view.dom.setAttribute('aria-controls', id)
              popup?.show(view.coordsAtPos(state.from))
            },
            destroy: () => popup?.destroy(),
          }
        },
      }),
    ]
  },
})
