/** Formulas: `inlineMath` among texts, `blockMath` among blocks. Names and attributes are Tiptap's. */

import { InputRule, Node, mergeAttributes, type Editor, type NodeViewRendererProps } from '@tiptap/core'
import { NodeSelection, TextSelection } from '@tiptap/pm/state'
import { el, icon } from '../dom.js'
import { drawFormula } from '../katex.js'
import { editSelected, editable } from '../tools/atom-field.js'
import * as words from '../words.js'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    math: {
      insertInlineMath: (latex: string) => ReturnType
      insertBlockMath: (latex: string) => ReturnType
    }
  }
}

function latexAttribute() {
  return {
    latex: {
      default: null,
      parseHTML: (element: HTMLElement) => element.getAttribute('data-latex') ?? '',
      renderHTML: (attrs: Record<string, unknown>) => ({ 'data-latex': String(attrs.latex ?? '') }),
    },
  }
}

function formulaView(display: boolean) {
  return ({ node: first, getPos, editor }: NodeViewRendererProps) => {
    let node = first
    const drawn = el('span', { class: 'formula-drawn' })
    const empty = el('span', { class: 'formula-empty' }, icon('sigma'), words.formula)
    const dom = el(display ? 'div' : 'span', { class: display ? 'formula block-formula' : 'formula', contenteditable: 'false' }, drawn, empty)
    const show = () => {
      const latex = String(node.attrs.latex ?? '')
      dom.toggleAttribute('data-blank', latex.trim() === '')
      drawFormula(drawn, latex, display)
    }
    show()
    const forget = editable(dom, {
      editor,
      pos: () => {
        const pos = getPos()
        return typeof pos === 'number' ? pos : null
      },
      attribute: 'latex',
      value: () => String(node.attrs.latex ?? ''),
      label: words.formula,
      hint: words.formulaHint,
      lines: display ? 4 : 1,
      display,
    })
    return {
      dom,
      update: (next: typeof first) => {
        if (next.type !== node.type) return false
        const changed = next.attrs.latex !== node.attrs.latex
        node = next
        if (changed) show()
        return true
      },
      selectNode: () => dom.classList.add('ProseMirror-selectednode'),
      deselectNode: () => dom.classList.remove('ProseMirror-selectednode'),
      ignoreMutation: () => true,
      destroy: forget,
    }
  }
}

/** Amounts of money between two dollar signs are no formula. */
export function looksLikeFormula(text: string): boolean {
  return text.trim() === text && text !== '' && !/^[\d.,\s–-]*$/.test(text) && !/^\d[^\\^_=+*/]*$/.test(text)
}

export const InlineMath = Node.create({
  name: 'inlineMath',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: latexAttribute,
  parseHTML: () => [{ tag: 'span[data-type="inline-math"]', priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes, { 'data-type': 'inline-math' })],
  addNodeView: () => formulaView(false),

  addCommands() {
    return {
      insertInlineMath: latex => ({ tr, dispatch }) => {
        if (!tr.selection.$from.parent.type.contentMatch.matchType(this.type)) return false
        if (dispatch) {
          const { from } = tr.selection
          tr.replaceSelectionWith(this.type.create({ latex }), false)
          tr.setSelection(NodeSelection.create(tr.doc, from)).scrollIntoView()
        }
        return true
      },
    }
  },

  addInputRules() {
    return [
      new InputRule({
        // One dollar each side, the closing one just typed.
        find: /(?:^|[^$\\\w])\$([^$\n]+)\$$/,
        handler: ({ state, range, match }) => {
          const latex = match[1] ?? ''
          if (!looksLikeFormula(latex) || !state.selection.$from.parent.type.contentMatch.matchType(this.type)) return null
          const from = range.from + match[0].length - latex.length - 2
          state.tr.replaceWith(from, range.to, this.type.create({ latex }))
        },
      }),
    ]
  },
})

export const BlockMath = Node.create({
  name: 'blockMath',
  group: 'block',
  atom: true,
  defining: true,
  addAttributes: latexAttribute,
  parseHTML: () => [{ tag: 'div[data-type="block-math"]', priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes, { 'data-type': 'block-math' })],
  addNodeView: () => formulaView(true),

  addCommands() {
    return {
      insertBlockMath: latex => ({ tr, dispatch }) => {
        const { $from } = tr.selection
        if ($from.depth === 0) return false
        const formula = this.type.create({ latex })
        const empty = $from.parent.type.name === 'paragraph' && $from.parent.content.size === 0
        const at = empty ? $from.before() : $from.after()
        const index = $from.index(-1)
        if (!$from.node(-1).canReplaceWith(empty ? index : index + 1, index + 1, this.type)) return false
        if (dispatch) {
          tr.replaceWith(at, empty ? $from.after() : at, formula)
          // Somewhere to go on writing.
          const behind = at + formula.nodeSize
          if (tr.doc.resolve(behind).nodeAfter?.isTextblock !== true) tr.insert(behind, tr.doc.type.schema.node('paragraph'))
          tr.setSelection(NodeSelection.create(tr.doc, at)).scrollIntoView()
        }
        return true
      },
    }
  },

  addInputRules() {
    const whole = (find: RegExp, edit: boolean) => new InputRule({
      find,
      handler: ({ state, match }) => {
        const { $from } = state.selection
        const { parent } = $from
        // Only where nothing else stands in the paragraph: its blocks are not split.
        if (parent.type.name !== 'paragraph' || $from.parentOffset !== parent.content.size) return null
        if (!$from.node(-1).canReplaceWith($from.index(-1), $from.index(-1) + 1, this.type)) return null
        const at = $from.before()
        const formula = this.type.create({ latex: (match[1] ?? '').trim() })
        const { tr } = state
        tr.replaceWith(at, $from.after(), formula)
        const behind = at + formula.nodeSize
        if (tr.doc.resolve(behind).nodeAfter?.isTextblock !== true) tr.insert(behind, state.schema.node('paragraph'))
        if (edit) {
          tr.setSelection(NodeSelection.create(tr.doc, at))
          openSoon(this.editor)
        } else tr.setSelection(TextSelection.near(tr.doc.resolve(behind)))
      },
    })
    return [whole(/^\$\$\s$/, true), whole(/^\$\$([^$\n]+)\$\$$/, false)]
  },
})

/** Once the rule's transaction is in. */
function openSoon(editor: Editor): void {
  setTimeout(() => {
    if (!editor.isDestroyed) editSelected(editor)
  })
}
