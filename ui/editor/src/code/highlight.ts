/**
 * Colours in code. Only a block that changed is read again, and a long one only when the typing rests; the document never
 * learns of it.
 */

import { Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey, type EditorState } from '@tiptap/pm/state'
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view'
import { isFromDocument } from '../binding.js'

/** Up to this many characters a block is read with each key: about 1 ms. */
const QUICK = 3_000
/** Beyond this many it is not coloured. */
const LONGEST = 60_000
/** The typing rests after this, in milliseconds. */
const REST_MS = 250

/** Names by which people call the languages, beside the library's own. */
const ALSO: Record<string, string> = { html: 'xml', svg: 'xml', toml: 'ini', shell: 'bash', console: 'bash', sh: 'bash', js: 'javascript', ts: 'typescript', py: 'python' }
const NONE = new Set(['', 'text', 'txt', 'plain', 'plaintext', 'output', 'error', 'none', 'math'])

type Lowlight = typeof import('./languages.js').lowlight
let loaded: Lowlight | null = null
let loading: Promise<Lowlight> | null = null

/** Resolves when code can be coloured. */
export async function languagesLoaded(): Promise<Lowlight> {
  loading ??= import('./languages.js').then(module => (loaded = module.lowlight))
  return loading
}

/** The language of an info string such as `python,editable` or `{.rust .numberLines}`. */
export function languageOf(info: unknown): string | null {
  const name = /^[\s{.]*([\w#+-]+)/.exec(typeof info === 'string' ? info.toLowerCase() : '')?.[1] ?? ''
  return NONE.has(name) ? null : (ALSO[name] ?? name)
}

interface Piece {
  from: number
  to: number
  name: string
}

interface Shown {
  type: string
  value?: string
  properties?: { className?: unknown }
  children?: Shown[]
}

/** The coloured pieces of a block; a block that did not change is not read again. */
const read = new WeakMap<Node, Piece[]>()

function piecesOf(block: Node, lowlight: Lowlight): Piece[] {
  const known = read.get(block)
  if (known !== undefined) return known
  const pieces: Piece[] = []
  const language = languageOf(block.attrs.language)
  const text = block.textContent
  if (language !== null && text.length <= LONGEST && lowlight.registered(language)) {
    let at = 0
    const walk = (nodes: Shown[], name: string) => {
      for (const node of nodes) {
        if (node.type === 'text') {
          const to = at + (node.value ?? '').length
          if (name !== '') pieces.push({ from: at, to, name })
          at = to
        } else {
          const classes = Array.isArray(node.properties?.className) ? node.properties.className.join(' ') : ''
          walk(node.children ?? [], `${name} ${classes}`.trim())
        }
      }
    }
    walk(lowlight.highlight(language, text).children as Shown[], '')
  }
  read.set(block, pieces)
  return pieces
}

interface Found {
  pos: number
  node: Node
}

function codeBlocks(doc: Node): Found[] {
  const found: Found[] = []
  doc.descendants((node, pos) => {
    if (node.type.name === 'codeBlock') found.push({ pos, node })
    return !node.isTextblock
  })
  return found
}

function decorate({ pos, node }: Found, lowlight: Lowlight): Decoration[] {
  return piecesOf(node, lowlight).map(({ from, to, name }) => Decoration.inline(pos + 1 + from, pos + 1 + to, { class: name }))
}

interface Colours {
  set: DecorationSet
  /** Blocks whose colours are in the set. */
  done: WeakSet<Node>
  /** Long blocks that changed: they keep their old colours until the typing rests. */
  waiting: boolean
}

const key = new PluginKey<Colours>('highlight')

function build(doc: Node): Colours {
  const done = new WeakSet<Node>()
  const lowlight = loaded
  if (lowlight === null) return { set: DecorationSet.empty, done, waiting: false }
  const blocks = codeBlocks(doc)
  const all = blocks.flatMap(block => {
    done.add(block.node)
    return decorate(block, lowlight)
  })
  return { set: DecorationSet.create(doc, all), done, waiting: false }
}

function follow(colours: Colours, set: DecorationSet, doc: Node): Colours {
  const lowlight = loaded
  if (lowlight === null) return colours
  let waiting = false
  for (const block of codeBlocks(doc)) {
    if (colours.done.has(block.node)) continue
    if (block.node.content.size > QUICK) {
      waiting = true
      continue
    }
    const end = block.pos + block.node.nodeSize
    set = set.remove(set.find(block.pos, end)).add(doc, decorate(block, lowlight))
    colours.done.add(block.node)
  }
  return { set, done: colours.done, waiting }
}

/** Whether a body has code in a language that may be coloured. */
function hasCode(doc: Node): boolean {
  return codeBlocks(doc).some(({ node }) => languageOf(node.attrs.language) !== null)
}

export const Highlight = Extension.create({
  name: 'highlight',
  addProseMirrorPlugins() {
    return [
      new Plugin<Colours>({
        key,
        state: {
          init: (_config, state: EditorState) => build(state.doc),
          apply: (tr, colours) => {
            if (tr.getMeta(key) === true) return build(tr.doc)
            if (!tr.docChanged) return colours
            // What comes from the document replaces it as a whole; blocks that are the same were read before.
            if (isFromDocument(tr)) return build(tr.doc)
            return follow(colours, colours.set.map(tr.mapping, tr.doc), tr.doc)
          },
        },
        props: { decorations: state => key.getState(state)?.set },
        view: (view: EditorView) => {
          let timer: ReturnType<typeof setTimeout> | undefined
          let closed = false
          let asked = false
          const again = () => {
            if (!closed) view.dispatch(view.state.tr.setMeta(key, true).setMeta('addToHistory', false))
          }
          const look = () => {
            if (loaded === null && !asked && hasCode(view.state.doc)) {
              asked = true
              languagesLoaded().then(again, () => undefined)
            }
            if (key.getState(view.state)?.waiting !== true) return
            clearTimeout(timer)
            timer = setTimeout(again, REST_MS)
          }
          look()
          return {
            update: (_view, before) => {
              if (before.doc !== view.state.doc) look()
            },
            destroy: () => {
              closed = true
              clearTimeout(timer)
            },
          }
        },
      }),
    ]
  },
})
