import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const styles = join(process.cwd(), '../styles')
const tokens = new Map<string, [light: string, dark: string]>()
for (const [, name, light, dark] of readFileSync(join(styles, 'tokens.css'), 'utf8').matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\);/g)) {
  tokens.set(name ?? '', [light ?? '', dark ?? ''])
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const GROUNDS = ['paper', 'raised', 'sunken', 'hover', 'accent-soft', 'synced-soft', 'waiting-soft', 'trouble-soft', 'goal-soft', 'gist-soft']
/** What is read, on all that it is read on: 4.5 to 1. */
const TEXT: [string, string[]][] = [
  ['ink', [...GROUNDS, 'pressed', 'marked']],
  ['muted', ['paper', 'raised', 'sunken', 'hover', 'accent-soft']],
  ['accent', ['paper', 'raised', 'sunken', 'accent-soft']],
  ['synced', ['paper', 'raised', 'sunken', 'synced-soft']],
  ['waiting', ['paper', 'raised', 'waiting-soft']],
  ['trouble', ['paper', 'raised', 'sunken', 'trouble-soft']],
  ['goal', ['paper', 'goal-soft']],
  ['gist', ['paper', 'gist-soft']],
  // Code stands on its own ground, whatever is around it.
  ...['keyword', 'text', 'number', 'name', 'type', 'note'].map((part): [string, string[]] => [`code-${part}`, ['sunken', 'paper']]),
  ['on-accent', ['accent', 'accent-hover']],
  ['on-trouble', ['trouble']],
  // "+3" behind the avatars
  ['ink', ['pressed']],
  ['on-peer', Array.from({ length: 8 }, (_, i) => `peer-${i + 1}`)],
]
/** What is seen, not read: 3 to 1. */
const GRAPHICS: [string, string[]][] = [
  ['faint', ['paper', 'raised', 'sunken']],
  ['accent', GROUNDS],
  ['waiting', ['sunken']],
  ...Array.from({ length: 8 }, (_, i): [string, string[]] => [`peer-${i + 1}`, ['paper', 'raised', 'sunken']]),
]

for (const [theme, side] of [['light', 0], ['dark', 1]] as const) {
  for (const [kind, pairs, least] of [['text', TEXT, 4.5], ['graphics', GRAPHICS, 3]] as const) {
    test(`every ${kind} pair of the ${theme} theme reaches ${least} to 1`, () => {
      const short = pairs.flatMap(([over, unders]) => unders.map(under => {
        const a = tokens.get(over)?.[side] ?? assert.fail(over)
        const b = tokens.get(under)?.[side] ?? assert.fail(under)
        return { pair: `${over} on ${under}`, ratio: Math.round(contrast(a, b) * 100) / 100 }
      })).filter(({ ratio }) => ratio < least)
      assert.deepEqual(short, [])
    })
  }
}

/** A colour as OKLab, <https://bottosson.github.io/posts/oklab/>: equal distances look equal. */
function oklab(hex: string): [number, number, number] {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

test('the eight hues of people are equally light, and no two are alike', () => {
  for (const side of [0, 1]) {
    const hues = Array.from({ length: 8 }, (_, i) => oklab(tokens.get(`peer-${i + 1}`)?.[side] ?? assert.fail()))
    const light = hues.map(([l]) => l)
    assert.ok(Math.max(...light) - Math.min(...light) < 0.03, `lightness ${light.map(l => l.toFixed(3))}`)
    for (const [i, a] of hues.entries()) for (const b of hues.slice(i + 1)) {
      assert.ok(Math.hypot(a[1] - b[1], a[2] - b[2]) > 0.04, `peer-${i + 1} is like another`)
    }
  }
})

test('what somebody has selected, or just wrote, can be read in every hue', () => {
  const tint = Number(/--peer-tint: (\d+)%/.exec(readFileSync(join(styles, 'tokens.css'), 'utf8'))?.[1]) / 100
  const mixed = (over: string, under: string) => `#${[1, 3, 5].map(at => {
    const [a, b] = [over, under].map(hex => Number.parseInt(hex.slice(at, at + 2), 16))
    return Math.round((a ?? 0) * tint + (b ?? 0) * (1 - tint)).toString(16).padStart(2, '0')
  }).join('')}`
  for (const side of [0, 1]) for (const ground of ['paper', 'raised', 'sunken', 'accent-soft', 'waiting-soft']) for (let n = 1; n <= 8; n += 1) {
    const at = (name: string) => tokens.get(name)?.[side] ?? assert.fail(name)
    const tinted = mixed(at(`peer-${n}`), at(ground))
    assert.ok(contrast(at('ink'), tinted) >= 4.5, `ink on peer-${n} over ${ground}`)
    assert.ok(contrast(at(`peer-${n}`), at(ground)) >= 3, `the bar of peer-${n} on ${ground}`)
  }
})

test('the tokens are those of the look', () => {
  const look: Record<string, [string, string]> = {
    paper: ['#FCFBF8', '#15171C'], raised: ['#FFFFFF', '#1C1F26'], sunken: ['#F4F2EC', '#101216'],
    ink: ['#1E222B', '#E8E5DE'], muted: ['#5B6170', '#A6A9B3'], faint: ['#7F8491', '#7A7E8A'],
    line: ['#E6E3DB', '#2A2E37'], 'line-strong': ['#CFCBC0', '#3A3F4B'], accent: ['#2C4A8A', '#8FA9E6'], 'on-accent': ['#FFFFFF', '#12151C'],
    synced: ['#2F7A66', '#6CC2A9'], waiting: ['#8C6010', '#E0B35A'], trouble: ['#A8382B', '#F08A7C'],
  }
  for (const [name, values] of Object.entries(look)) assert.deepEqual(tokens.get(name), values, name)
})

test('no file but the tokens names a colour', () => {
  const raw = readdirSync(styles).filter(name => name.endsWith('.css') && name !== 'tokens.css').flatMap(name =>
    [...readFileSync(join(styles, name), 'utf8').matchAll(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(/gi)].map(match => `${name}: ${match[0]}`))
  assert.deepEqual(raw, [])
})

test('every icon that the styles and the island name is in the sprite list', () => {
  const listed = new Set(readFileSync('icons.txt', 'utf8').split(/\s+/))
  const walk = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [readFileSync(join(folder, entry.name), 'utf8')])
  const used = walk('src').join('\n').matchAll(/\bicon(?:Button)?\('([a-z0-9-]+)'|\bicon: '([a-z0-9-]+)'/g)
  for (const [, a, b] of used) assert.ok(listed.has(a ?? b ?? ''), a ?? b)
})
