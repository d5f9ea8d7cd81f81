/**
 * The HTML of other programs, as HTML that says only what a lesson can hold. It is read in a document without a window, where
 * nothing loads and nothing runs, and written anew: what is not named here does not come through.
 */

import { isSafeHref } from '../nodes/marks.js'
import { type Marks, marksOf, tagsOf } from './style.js'
import { webWordLists, wordLists } from './word.js'

export interface Clean {
  html: string
  /** Images that only the other program can read. */
  lostImages: number
}

/** Neither they nor what they hold. */
const DROPPED = new Set([
  'SCRIPT', 'STYLE', 'HEAD', 'META', 'LINK', 'TITLE', 'BASE', 'IFRAME', 'FRAME', 'FRAMESET', 'OBJECT', 'EMBED', 'APPLET', 'NOSCRIPT', 'TEMPLATE',
  'SVG', 'MATH', 'CANVAS', 'VIDEO', 'AUDIO', 'INPUT', 'SELECT', 'TEXTAREA', 'BUTTON', 'DIALOG', 'XML', 'COL', 'COLGROUP', 'MAP', 'PROGRESS', 'METER',
])
const BLOCKS = new Set([
  'P', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'PRE', 'TABLE', 'THEAD', 'TBODY', 'TFOOT', 'TR', 'TD', 'TH', 'HR',
  'DETAILS', 'SUMMARY',
])
/** Frames without a meaning of their own: what they hold stands for itself, or becomes a paragraph. */
const FRAMES = new Set([
  'DIV', 'SECTION', 'ARTICLE', 'MAIN', 'HEADER', 'FOOTER', 'ASIDE', 'NAV', 'CENTER', 'FIGURE', 'FIGCAPTION', 'FORM', 'FIELDSET', 'LEGEND', 'ADDRESS',
  'DL', 'DT', 'DD', 'CAPTION', 'HGROUP',
])
/** Deeper than any page that was written for people; deeper still is text. */
const DEEPEST = 200

/** Word's elements of its own: `o:p`, `v:shape`, `w:sdt`, … */
const isForeign = (element: Element): boolean => element.tagName.includes(':')
const isBlock = (node: Node | null): boolean => node instanceof window.Element && (BLOCKS.has(node.tagName) || FRAMES.has(node.tagName))

/** A link without the detour that Google Docs puts around it; `null` for one that nobody should follow. */
export function plainHref(href: string): string | null {
  const plain = href.trim()
  const around = /^https?:\/\/(?:www\.)?google\.[a-z.]+\/url\?/i.test(plain) ? new URL(plain) : null
  const target = around?.searchParams.get('q') ?? around?.searchParams.get('url') ?? plain
  return target !== '' && isSafeHref(target) && !/^file:/i.test(target) ? target : null
}

function alignOf(element: Element): string | null {
  return /text-align:\s*(center|right)/i.exec(element.getAttribute('style') ?? '')?.[1] ?? element.getAttribute('align')
}

class Writer {
  lostImages = 0

  constructor(private readonly page: Document, private readonly office: boolean) {}

  /** Writes what `from` holds into `into`. */
  children(from: Node, into: Element, marks: Marks, depth: number): void {
    for (const child of [...from.childNodes]) this.node(child, into, marks, depth)
  }

  private node(node: Node, into: Element, marks: Marks, depth: number): void {
    if (node.nodeType === 3) return this.text(node.nodeValue ?? '', into, marks)
    if (!(node instanceof window.Element)) return
    if (DROPPED.has(node.tagName.toUpperCase())) return
    if (depth > DEEPEST) return this.text(node.textContent ?? '', into, marks)
    const style = node.getAttribute('style') ?? ''
    if (node.classList.contains('EOP') || /mso-element:\s*comment/i.test(style) || /mso-hide:\s*all|display:\s*none/i.test(style) || node.classList.contains('MsoCommentReference')) return
    if (isForeign(node)) {
      // `o:p` holds a blank where nothing stands; the others hold shapes.
      if (/^o:/i.test(node.tagName)) this.children(node, into, marks, depth + 1)
      return
    }
    const inner = marksOf(node, marks)
    if (node.tagName === 'BR') this.lineBreak(node, into, inner)
    else if (node.tagName === 'IMG') this.image(node, into)
    else if (node.tagName === 'A') this.children(node, into, { ...inner, href: this.href(node) ?? marks.href }, depth + 1)
    else if (BLOCKS.has(node.tagName)) this.block(node, into, inner, depth)
    else if (FRAMES.has(node.tagName)) this.frame(node, into, inner, depth)
    else if (/mso-spacerun|mso-tab-count/i.test(style)) this.text(' ', into, inner)
    else this.children(node, into, inner, depth + 1)
  }

  private text(text: string, into: Element, marks: Marks): void {
    // Between rows and items there is only white space.
    if (text === '' || (/^(UL|OL|TABLE|THEAD|TBODY|TFOOT|TR)$/.test(into.tagName) && text.trim() === '')) return
    let at = into
    for (const [tag, href] of tagsOf(marks)) {
      const wrap = this.page.createElement(tag)
      if (href !== null) wrap.setAttribute('href', href)
      at.append(wrap)
      at = wrap
    }
    at.append(text)
  }

  private lineBreak(node: Element, into: Element, marks: Marks): void {
    // Page breaks, and the breaks that stand between blocks.
    if (/page-break|mso-break/i.test(node.getAttribute('style') ?? '') || node.classList.contains('Apple-interchange-newline')) return
    if (into === this.page.body && (isBlock(node.nextElementSibling) || isBlock(node.previousElementSibling))) return
    void marks
    into.append(this.page.createElement('br'))
  }

  private image(node: Element, into: Element): void {
    const src = node.getAttribute('src') ?? ''
    if (!/^(https?:|data:image\/(png|jpe?g|gif|webp|avif|bmp|svg\+xml);|asset:)/i.test(src)) {
      if (src !== '') this.lostImages += 1
      return
    }
    const image = this.page.createElement('img')
    for (const name of ['src', 'alt', 'title']) {
      const value = node.getAttribute(name)
      if (value !== null && value !== '') image.setAttribute(name, value)
    }
    into.append(image)
  }

  private href(node: Element): string | null {
    const href = node.getAttribute('href')
    // Word's marks for its table of contents and its footnotes lead nowhere here.
    return href === null || /^#(_(toc|ref|ftn|edn|hlk|msocom|heading)|sdfootnote|sdendnote)/i.test(href) ? null : plainHref(href)
  }

  private frame(node: Element, into: Element, marks: Marks, depth: number): void {
    const blocks = [...node.children].some(child => isBlock(child) || child.querySelector('p,h1,h2,h3,h4,h5,h6,ul,ol,table,pre,blockquote,hr,div') !== null)
    const inline = into.tagName === 'P' || /^H\d$/.test(into.tagName) || into.tagName === 'PRE'
    if (blocks || inline) return this.children(node, into, marks, depth + 1)
    const paragraph = this.page.createElement('p')
    this.children(node, paragraph, marks, depth + 1)
    if (paragraph.childNodes.length > 0) this.finish(paragraph, into)
  }

  private block(node: Element, into: Element, marks: Marks, depth: number): void {
    const classes = node.getAttribute('class') ?? ''
    let tag = node.tagName.toLowerCase()
    if (/\bMsoTitle\b/.test(classes)) tag = 'h1'
    // Word on the web says headings by their role.
    const level = node.getAttribute('role') === 'heading' ? node.getAttribute('aria-level') : null
    if (tag === 'p' && level !== null && /^[1-6]$/.test(level)) tag = `h${level}`
    // The line over Word's footnotes.
    if (tag === 'hr' && /footnote-list|endnote-list/i.test(node.parentElement?.getAttribute('style') ?? '')) return
    const made = this.page.createElement(tag)
    if (node.getAttribute('dir') === 'rtl') made.setAttribute('dir', 'rtl')
    for (const name of { td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'], ol: ['start'] }[tag] ?? []) {
      const value = node.getAttribute(name)
      if (value !== null && /^\d{1,6}$/.test(value)) made.setAttribute(name, value)
    }
    if (tag === 'td' || tag === 'th') {
      const align = alignOf(node) ?? (node.childElementCount === 1 && node.firstElementChild !== null ? alignOf(node.firstElementChild) : null)
      if (align !== null && /^(center|right)$/i.test(align)) made.setAttribute('align', align.toLowerCase())
    }
    for (const name of ['data-type', 'data-checked']) {
      const value = node.getAttribute(name)
      if (value !== null && (tag === 'ul' || tag === 'li')) made.setAttribute(name, value)
    }
    if (tag === 'pre') {
      const code = this.page.createElement('code')
      const language = /language-[\w+#.-]+/.exec(`${classes} ${node.firstElementChild?.className ?? ''}`)?.[0]
      if (language !== undefined) code.className = language
      code.append((node.textContent ?? '').replace(/\n$/, ''))
      made.append(code)
      return into.append(made)
    }
    this.children(node, made, { ...marks, href: null }, depth + 1)
    if (/\bMso(Intense)?Quote\b/.test(classes)) {
      const quote = this.page.createElement('blockquote')
      quote.append(made)
      return into.append(quote)
    }
    this.finish(made, into)
  }

  /** Puts a block in its place, unless nothing is in it; a list inside a list belongs to the item before it. */
  private finish(made: Element, into: Element): void {
    const empty = made.querySelector('img') === null && (made.textContent ?? '').replace(/[\s\u00A0]/g, '') === ''
    if (/^(UL|OL|TR|TABLE|TBODY|THEAD|TFOOT)$/.test(made.tagName) && made.childNodes.length === 0) return
    if (made.tagName === 'P' || /^H\d$/.test(made.tagName)) {
      // Empty lines are how word processors make room; elsewhere somebody may have meant one.
      if (empty && (this.office || into.tagName === 'LI')) return
      while (made.lastChild instanceof window.Element && made.lastChild.tagName === 'BR') made.lastChild.remove()
    }
    if (/^H\d$/.test(made.tagName)) unbold(made, false)
    const item = into.lastElementChild
    if (/^(UL|OL)$/.test(made.tagName) && /^(UL|OL)$/.test(into.tagName) && item?.tagName === 'LI') item.append(made)
    else if (/^(UL|OL)$/.test(made.tagName) && /^(UL|OL)$/.test(into.tagName)) into.append(...made.childNodes)
    else into.append(made)
  }
}

function texts(element: Element): Text[] {
  const walker = element.ownerDocument.createTreeWalker(element, 4)
  const found: Text[] = []
  while (walker.nextNode() !== null) if ((walker.currentNode.nodeValue ?? '').trim() !== '') found.push(walker.currentNode as Text)
  return found
}

/** Whether all of the text is bold. */
function allBold(element: Element): boolean {
  const found = texts(element)
  return found.length > 0 && found.every(text => text.parentElement?.closest('strong') != null)
}

/** Takes the bold from what stands out by itself; `always` also when only a part of it is bold. */
function unbold(element: Element, always: boolean): void {
  if (always || allBold(element)) for (const strong of [...element.querySelectorAll('strong')]) strong.replaceWith(...strong.childNodes)
}

/** A first row that is all bold, or that says so, is the head of its table. */
function headTables(body: Element): void {
  for (const table of [...body.querySelectorAll('table')]) {
    const row = table.querySelector('tr')
    if (row === null || table.querySelector('th') !== null) continue
    const cells = [...row.children]
    const rows = table.querySelectorAll('tr').length
    const head = row.parentElement?.tagName === 'THEAD' || (rows > 1 && cells.length > 1 && cells.every(allBold))
    if (!head) continue
    for (const cell of cells) {
      const th = table.ownerDocument.createElement('th')
      for (const { name, value } of [...cell.attributes]) th.setAttribute(name, value)
      th.append(...cell.childNodes)
      cell.replaceWith(th)
    }
  }
  for (const cell of [...body.querySelectorAll('th')]) unbold(cell, false)
}

/** Boxes to tick, as Google Docs (roles), GitHub (inputs) and our own lists have them. */
function checkLists(page: Document): void {
  for (const list of [...page.querySelectorAll('ul')]) {
    const items = [...list.children].filter(child => child.tagName === 'LI')
    const boxes = items.map(item => ({
      item,
      role: item.getAttribute('role') === 'checkbox',
      box: item.querySelector(':scope > input[type=checkbox], :scope > label > input[type=checkbox], :scope > p > input[type=checkbox]'),
    }))
    if (boxes.length === 0 || boxes.some(({ role, box }) => !role && box === null)) continue
    list.setAttribute('data-type', 'taskList')
    for (const { item, role, box } of boxes) {
      const checked = role ? item.getAttribute('aria-checked') === 'true' : box?.hasAttribute('checked') === true
      item.setAttribute('data-type', 'taskItem')
      item.setAttribute('data-checked', String(checked))
      if (role) item.querySelector(':scope > img')?.remove()
      // Google Docs strikes out what is done; the box says it.
      if (role && checked) for (const struck of [...item.querySelectorAll<HTMLElement>('[style*="line-through"]')]) struck.style.textDecoration = 'none'
      box?.remove()
    }
  }
}

/** Whether it is a copy out of an editor like ours, which says itself what it is. */
const isOwn = (html: string): boolean => /data-pm-slice=/.test(html)

/** Elements that end by themselves, or whose end may be left out: they do not tell how deep a page is. */
const SHALLOW = /^(area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|t[dhr]|tbody|thead|tfoot|option|o:p)$/i
/** Open elements at once. A parser of HTML looks at all of them for each new one: a megabyte of them would hold the window for a minute. */
const MOST_OPEN = 2000

/** Whether a page is nested as no person and no program nests one. */
export function isAbyss(html: string): boolean {
  let depth = 0
  for (const [, end, name = ''] of html.matchAll(/<(\/?)([a-z][^\s/>]*)/gi)) {
    if (SHALLOW.test(name)) continue
    depth = Math.max(0, depth + (end === '' ? 1 : -1))
    if (depth > MOST_OPEN) return true
  }
  return false
}

export function clean(html: string): Clean {
  if (isAbyss(html)) {
    const text = html.replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, ' ').replace(/<[^>]*>/g, ' ').replace(/</g, '&lt;')
    return { html: `<p>${text}</p>`, lostImages: 0 }
  }
  if (isOwn(html)) return { html, lostImages: 0 }
  const office = /\bMso[A-Z]|urn:schemas-microsoft-com|docs-internal-guid|content="?LibreOffice|mso-|data-ccp-props/.test(html)
  const source = new DOMParser().parseFromString(html, 'text/html')
  wordLists(source)
  webWordLists(source)
  checkLists(source)
  const page = new DOMParser().parseFromString('', 'text/html')
  const writer = new Writer(page, office)
  writer.children(source.body, page.body, {
    bold: false, italic: false, underline: false, strike: false, code: false, script: null, href: null,
  }, 0)
  headTables(page.body)
  return { html: page.body.innerHTML, lostImages: writer.lostImages }
}

/** Whether the HTML says nothing but an image: then the file beside it is the better one. */
export function isOnlyImage(html: string): boolean {
  const { body } = new DOMParser().parseFromString(html, 'text/html')
  return body.querySelector('table') === null && (body.textContent ?? '').trim() === ''
}
