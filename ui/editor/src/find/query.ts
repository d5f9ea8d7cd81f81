/**
 * What is looked for, and where a text holds it. Regular expressions run on RE2 (re2js): its time grows with the text and
 * not with the cunning of the expression, so that none can hang the window. It is loaded when the first one is asked for.
 */

export interface Query {
  text: string
  matchCase: boolean
  wholeWord: boolean
  regexp: boolean
}

/** A place in a text, and what the groups of an expression held (the whole at 0; `null` for one that took no part). */
export interface Hit {
  from: number
  to: number
  groups: (string | null)[]
}

export type Matcher = (text: string) => Hit[]

/** An expression that cannot be read; the message says why. */
export class BadExpression extends Error {}

/** More in one text tell nobody anything; a guard against expressions that match at every letter of a huge block. */
const MOST_IN_A_TEXT = 20_000

const WORD = /[\p{L}\p{N}\p{M}_]/u

/** Whether a hit begins and ends where words do. */
function isWhole(text: string, from: number, to: number): boolean {
  const letter = (at: number) => {
    const code = at < 0 ? undefined : text.codePointAt(at)
    return code !== undefined && WORD.test(String.fromCodePoint(code))
  }
  // The letter before may be the second half of a pair.
  const before = /[\uDC00-\uDFFF]/.test(text.charAt(from - 1)) ? from - 2 : from - 1
  const last = /[\uDC00-\uDFFF]/.test(text.charAt(to - 1)) ? to - 2 : to - 1
  return !(letter(before) && letter(from)) && !(letter(last) && letter(to))
}

function literal(query: Query): Matcher {
  // Not lower case on both sides: that changes the length of some texts, and with it every position.
  const pattern = new RegExp(query.text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), query.matchCase ? 'gu' : 'giu')
  return text => {
    const hits: Hit[] = []
    for (const match of text.matchAll(pattern)) {
      const to = match.index + match[0].length
      if (query.wholeWord && !isWhole(text, match.index, to)) continue
      hits.push({ from: match.index, to, groups: [match[0]] })
      if (hits.length >= MOST_IN_A_TEXT) break
    }
    return hits
  }
}

async function expression(query: Query): Promise<Matcher> {
  const { RE2JS, RE2JSException } = await import('re2js')
  const compile = () => {
    try {
      return RE2JS.compile(RE2JS.translateRegExp(query.text), (query.matchCase ? 0 : RE2JS.CASE_INSENSITIVE) | RE2JS.MULTILINE)
    } catch (error) {
      throw new BadExpression(error instanceof RE2JSException ? error.message : String(error))
    }
  }
  const compiled = compile()
  return text => {
    const hits: Hit[] = []
    const matcher = compiled.matcher(text)
    while (matcher.find() && hits.length < MOST_IN_A_TEXT) {
      const [from, to] = [matcher.start(), matcher.end()]
      if (from === to || (query.wholeWord && !isWhole(text, from, to))) continue
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at))
      hits.push({ from, to, groups })
    }
    return hits
  }
}

/** Finds the query in texts. Throws `BadExpression`. */
export function matcherOf(query: Query): Matcher | Promise<Matcher> {
  if (query.text === '') return () => []
  return query.regexp ? expression(query) : literal(query)
}

/** The text that takes a hit's place: of an expression, `$1` and `$&` stand for what was found, `$$` for a dollar sign. */
export function replacementOf(hit: Hit, replacement: string, regexp: boolean): string {
  if (!regexp) return replacement
  return replacement.replace(/\$(\$|&|\d{1,2})|\\([nt\\])/g, (whole, group: string | undefined, letter: string | undefined) => {
    if (letter !== undefined) return letter === 't' ? '\t' : letter === 'n' ? '\n' : '\\'
    if (group === '$') return '$'
    if (group === '&') return hit.groups[0] ?? ''
    const number = Number(group)
    return number < hit.groups.length ? (hit.groups[number] ?? '') : whole
  })
}
