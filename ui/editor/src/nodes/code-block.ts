/** A code block with a language picker. `language` is the whole info string, so that `python,editable` comes out as it went in. */

import { CodeBlock } from '@tiptap/extension-code-block'
import { el } from '../dom.js'
import * as words from '../words.js'

/** Languages that courses use most; any other that a lesson has is offered beside them. */
const LANGUAGES = [
  'bash', 'c', 'cpp', 'csharp', 'css', 'diff', 'go', 'html', 'java', 'javascript', 'json', 'julia', 'kotlin', 'latex',
  'markdown', 'matlab', 'output', 'php', 'python', 'r', 'ruby', 'rust', 'sql', 'swift', 'toml', 'typescript', 'xml', 'yaml',
]

export const Code = CodeBlock.extend({
  addAttributes() {
    return {
      language: {
        default: null,
        parseHTML: element => /language-(\S+)/.exec(element.firstElementChild?.className ?? '')?.[1] ?? null,
        rendered: false,
      },
    }
  },
  addNodeView() {
    return ({ node: first, getPos, editor }) => {
      let node = first
      const picker = el('select', {
        class: 'code-language', 'aria-label': words.codeLanguage,
        onchange: () => {
          const pos = getPos()
          if (typeof pos !== 'number' || !editor.isEditable) return
          const language = picker.value === '' ? null : picker.value
          editor.view.dispatch(editor.state.tr.setNodeMarkup(pos, undefined, { ...node.attrs, language }))
          editor.commands.focus()
        },
      })
      const contentDOM = el('code', { spellcheck: 'false' })
      const dom = el('div', { class: 'code-block' },
        el('div', { class: 'code-head', contenteditable: 'false' }, picker),
        el('pre', { spellcheck: 'false' }, contentDOM))
      const show = () => {
        const language = String(node.attrs.language ?? '')
        const choices = LANGUAGES.includes(language) || language === '' ? LANGUAGES : [language, ...LANGUAGES]
        picker.replaceChildren(
          el('option', { value: '', selected: language === '' }, words.plainCode),
          ...choices.map(choice => el('option', { value: choice, selected: choice === language }, choice)))
        picker.disabled = !editor.isEditable
      }
      show()
      return {
        dom,
        contentDOM,
        update: next => {
          if (next.type !== node.type) return false
          const changed = next.attrs.language !== node.attrs.language
          node = next
          if (changed) show()
          return true
        },
        stopEvent: event => event.target === picker,
        ignoreMutation: mutation => !contentDOM.contains(mutation.target),
      }
    }
  },
}).configure({ enableTabIndentation: true, tabSize: 4 })
