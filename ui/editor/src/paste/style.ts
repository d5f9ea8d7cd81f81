/** What an element says about the look of its text, by its name or by its style. */

export interface Marks {
  bold: boolean
  italic: boolean
  underline: boolean
  strike: boolean
  code: boolean
  script: 'sub' | 'sup' | null
  href: string | null
}

const TAGS: Record<string, Partial<Marks>> = {
  B: { bold: true }, STRONG: { bold: true },
  I: { italic: true }, EM: { italic: true }, CITE: { italic: true }, DFN: { italic: true }, VAR: { italic: true },
  U: { underline: true }, INS: {},
  S: { strike: true }, STRIKE: { strike: true }, DEL: { strike: true },
  CODE: { code: true }, KBD: { code: true }, SAMP: { code: true }, TT: { code: true },
  SUB: { script: 'sub' }, SUP: { script: 'sup' },
  // The style of a heading is its own; bold there says nothing.
  H1: { bold: false }, H2: { bold: false }, H3: { bold: false }, H4: { bold: false }, H5: { bold: false }, H6: { bold: false },
}

/** The value of a property in a style attribute; the last one counts. */
function property(style: string, name: string): string | null {
  const found = [...style.matchAll(new RegExp(`(?:^|[;\\s])${name}\\s*:\\s*([^;]+)`, 'gi'))].pop()
  return found?.[1]?.trim().toLowerCase() ?? null
}

/** The marks of what an element holds, given those around it. */
export function marksOf(element: Element, around: Marks): Marks {
  const marks: Marks = { ...around, ...TAGS[element.tagName] }
  if (/\bMso(Footnote|Endnote)Reference\b|\bsd(foot|end)note(anc|sym)\b/.test(element.getAttribute('class') ?? '')) marks.script = 'sup'
  const style = element.getAttribute('style')
  if (style === null || style === '') return marks
  const weight = property(style, 'font-weight')
  if (weight !== null) marks.bold = /^(bold|bolder|[6-9]00)$/.test(weight) && !/^H\d$/.test(element.tagName)
  const slant = property(style, 'font-style')
  if (slant !== null) marks.italic = /^(italic|oblique)/.test(slant)
  const line = property(style, 'text-decoration') ?? property(style, 'text-decoration-line')
  if (line !== null) {
    marks.underline = /\bunderline\b/.test(line)
    marks.strike = /\bline-through\b/.test(line)
  }
  const height = property(style, 'vertical-align')
  if (height === 'super' || height === 'sub') marks.script = height === 'super' ? 'sup' : 'sub'
  else if (height === 'baseline' && element.tagName === 'SPAN') marks.script = null
  return marks
}

/** The tags that say these marks, the outermost first. A link is underlined by itself. */
export function tagsOf(marks: Marks): [tag: string, href: string | null][] {
  const tags: [string, string | null][] = []
  if (marks.href !== null) tags.push(['a', marks.href])
  if (marks.bold) tags.push(['strong', null])
  if (marks.italic) tags.push(['em', null])
  if (marks.underline && marks.href === null) tags.push(['u', null])
  if (marks.strike) tags.push(['s', null])
  if (marks.script !== null) tags.push([marks.script, null])
  if (marks.code) tags.push(['code', null])
  return tags
}
