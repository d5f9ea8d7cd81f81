/** Word writes lists as paragraphs: the level stands in the style, the number or the dot in the text. */

interface Item {
  element: HTMLElement
  list: string
  level: number
  marker: string
}

/** How many levels Word has. */
const LEVELS = 9

function itemOf(element: Element): Item | null {
  if (!(element instanceof window.HTMLElement) || !/^(P|H[1-6]|DIV)$/.test(element.tagName)) return null
  const style = element.getAttribute('style') ?? ''
  const said = /mso-list:\s*(l\d+)\s+level(\d+)(?:\s+(lfo\d+))?/i.exec(style)
  const ignored = [...element.querySelectorAll('[style]')].find(span => /mso-list:\s*ignore/i.test(span.getAttribute('style') ?? ''))
  if (said === null && (ignored === undefined || !/MsoListParagraph/.test(element.className))) return null
  if (said === null && ignored === undefined) return null
  const marker = (ignored?.textContent ?? '').replace(/[\s\u00A0]+/g, '')
  // A numbered heading is a heading.
  if (/^H[1-6]$/.test(element.tagName)) {
    ignored?.remove()
    return null
  }
  ignored?.remove()
  return { element, list: `${said?.[1] ?? ''} ${said?.[3] ?? ''}`, level: Math.min(LEVELS, Math.max(1, Number(said?.[2] ?? 1))), marker }
}

const ROMAN: Record<string, number> = { i: 1, v: 5, x: 10, l: 50, c: 100, d: 500, m: 1000 }

function roman(text: string): number {
  let total = 0
  const digits = [...text].map(letter => ROMAN[letter] ?? 0)
  digits.forEach((digit, at) => { total += digit < (digits[at + 1] ?? 0) ? -digit : digit })
  return total
}

/** The number that a marker such as `3.`, `(b)` or `iv)` stands for; `null` for a dot. `first` says that `i.` begins a list. */
export function numberOf(marker: string, first: boolean): number | null {
  const text = /^\(?(?:\d+\.)*(\d+|[a-z]+)[.)]?$/i.exec(marker)?.[1]?.toLowerCase()
  if (text === undefined) return null
  // Word draws its round and hollow dots with letters of symbol fonts: an `o` or `v` without a stop is a dot.
  if (/^[a-z]$/.test(text) && !/[.)]$/.test(marker)) return null
  if (/^\d+$/.test(text)) return Number(text)
  if (/^[ivxlcdm]+$/.test(text) && (text.length > 1 || (first && text === 'i'))) return roman(text)
  return text.length === 1 ? text.charCodeAt(0) - 96 : null
}

function checkOf(marker: string): boolean | null {
  if (/^[☐□❑❏]$/.test(marker)) return false
  return /^[☑☒✓✔■]$/.test(marker) ? true : null
}

/** Turns runs of list paragraphs into lists. */
export function wordLists(page: Document): void {
  const candidates = [...page.querySelectorAll<HTMLElement>('[style*="mso-list"], [class*="MsoListParagraph"]')]
  const items = new Map<Element, Item>()
  for (const element of candidates) {
    const item = element.isConnected ? itemOf(element) : null
    if (item !== null) items.set(element, item)
  }
  let open: { list: HTMLElement; id: string; level: number }[] = []
  let last: Element | null = null
  for (const item of items.values()) {
    const { element, level } = item
    // A paragraph in between ends all lists.
    if (last === null || last.nextElementSibling !== element) open = []
    while (open.length > 0 && (open[open.length - 1]?.level ?? 0) > level) open.pop()
    let here = open[open.length - 1]
    if (here !== undefined && here.level === level && here.id !== item.list) {
      open.pop()
      here = undefined
    }
    const number = numberOf(item.marker, here === undefined)
    const checked = checkOf(item.marker)
    if (here === undefined || here.level < level) {
      const list = page.createElement(number === null ? 'ul' : 'ol')
      if (number !== null && number !== 1) list.setAttribute('start', String(number))
      if (checked !== null) list.setAttribute('data-type', 'taskList')
      const outer = open[open.length - 1]?.list
      const entry = outer?.lastElementChild
      if (entry != null) entry.append(list)
      else element.before(list)
      here = { list, id: item.list, level }
      open.push(here)
    }
    const entry = page.createElement('li')
    if (here.list.hasAttribute('data-type')) {
      entry.setAttribute('data-type', 'taskItem')
      entry.setAttribute('data-checked', String(checked ?? false))
    }
    const text = page.createElement('p')
    if (element.getAttribute('dir') === 'rtl') text.setAttribute('dir', 'rtl')
    text.append(...element.childNodes)
    entry.append(text)
    here.list.append(entry)
    // The next paragraph is compared with what now stands in this one's place.
    last = open[0]?.list ?? here.list
    element.remove()
  }
}

/** Word on the web writes a list for each item, side by side; the level stands in the item. */
export function webWordLists(page: Document): void {
  let open: { list: Element; id: string; level: number }[] = []
  let last: Element | null = null
  for (const item of [...page.querySelectorAll('li[data-listid][data-aria-level]')]) {
    const list = item.parentElement
    if (list === null || !/^(UL|OL)$/.test(list.tagName)) continue
    const around = list.parentElement?.classList.contains('ListContainerWrapper') === true ? list.parentElement : list
    const level = Math.min(LEVELS, Math.max(1, Number(item.getAttribute('data-aria-level')) || 1))
    const id = item.getAttribute('data-listid') ?? ''
    if (last === null || (around.previousElementSibling !== last && around !== last)) open = []
    while (open.length > 0 && (open[open.length - 1]?.level ?? 0) > level) open.pop()
    const here = open[open.length - 1]
    if (here !== undefined && here.level === level && here.id === id && here.list.tagName === list.tagName) {
      if (here.list !== list) {
        here.list.append(item)
        if (list.childElementCount === 0) around.remove()
      }
    } else if (here !== undefined && here.level < level && here.list.lastElementChild !== null) {
      here.list.lastElementChild.append(list)
      open.push({ list, id, level })
      if (around !== list && around.childElementCount === 0) around.remove()
    } else {
      open = [{ list, id, level }]
      last = around
    }
  }
}
