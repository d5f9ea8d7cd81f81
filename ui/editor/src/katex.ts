/**
 * Formulas as pictures of text. KaTeX is loaded when the first formula is shown. A lesson may come from anybody: nothing
 * that leads out of the formula is trusted, and what would grow without end is cut off.
 */

import type { KatexOptions } from 'katex'
import * as words from './words.js'

/** Longest formula that is drawn, in UTF-16 units; a page of aligned equations has about 2,000. */
const LONGEST = 10_000
/** Deepest nesting of braces: KaTeX recurses, and its frames are large. */
const DEEPEST = 200

const OPTIONS: KatexOptions = {
  throwOnError: false,
  errorColor: 'var(--trouble)',
  trust: false,
  strict: 'ignore',
  output: 'htmlAndMathml',
  // Expansions of macros, and the longest side of a rule or a space in em.
  maxExpand: 300,
  maxSize: 40,
}

type Katex = typeof import('katex').default
let loaded: Katex | null = null
let loading: Promise<Katex> | null = null

/** Resolves when formulas can be drawn. */
export async function katexLoaded(): Promise<Katex> {
  loading ??= import('katex').then(module => (loaded = module.default))
  return loading
}

/** What speaks against drawing a formula, in one sentence; `null` if nothing does. */
export function formulaTrouble(latex: string): string | null {
  let depth = 0
  let deepest = 0
  for (const letter of latex) {
    if (letter === '{') deepest = Math.max(deepest, ++depth)
    else if (letter === '}') depth -= 1
  }
  if (latex.length > LONGEST || deepest > DEEPEST) return words.formulaTooLong
  if (loaded === null) return null
  try {
    loaded.renderToString(latex, { ...OPTIONS, throwOnError: true })
    return null
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^KaTeX parse error:\s*/, '') : ''
    return words.formulaWrong(message.replace(/\s+/g, ' ').slice(0, 160))
  }
}

const shown = new WeakMap<HTMLElement, string>()

/** Draws a formula into an element, at once if KaTeX is there. What cannot be drawn is shown as it was typed. */
export function drawFormula(into: HTMLElement, latex: string, display: boolean): void {
  shown.set(into, latex)
  const asTyped = () => {
    into.dataset.state = 'source'
    into.textContent = latex
  }
  if (loaded === null) {
    asTyped()
    void katexLoaded().then(
      () => {
        if (shown.get(into) === latex) drawFormula(into, latex, display)
      },
      // Without KaTeX, what was typed stays to be read.
      () => undefined,
    )
    return
  }
  if (latex.trim() === '' || (formulaTrouble(latex) ?? '') === words.formulaTooLong) return asTyped()
  try {
    loaded.render(latex, into, { ...OPTIONS, displayMode: display })
    into.dataset.state = 'drawn'
  } catch {
    asTyped()
  }
}
