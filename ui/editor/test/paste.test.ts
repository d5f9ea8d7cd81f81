import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Node } from '@tiptap/pm/model'
import { lesson, opened, paragraph } from './helpers.js'
import { clean, isAbyss, plainHref } from '../src/paste/clean.js'
import { numberOf } from '../src/paste/word.js'

const folder = join(process.cwd(), 'test/fixtures')

/** A document as one reads it: a line a block, marks in braces. */
function outline(node: Node, indent = ''): string {
  const attrs = Object.entries(node.attrs).filter(([name, value]) => value !== null && !(name.endsWith('span') && value === 1) && !(name === 'start' && value === 1))
    .map(([name, value]) => ` ${name}=${String(value).slice(0, 60)}`).join('')
  const head = `${indent}${node.type.name}${attrs}`
  if (!node.isTextblock) return [head, ...node.children.map(child => outline(child, `${indent}  `))].join('\n')
  const text = node.children.map(child => {
    const marks = child.marks.map(mark => (mark.type.name === 'link' ? `link ${String(mark.attrs.href)}` : mark.type.name)).join(' ')
    const said = child.isText ? JSON.stringify(child.text).slice(1, -1) : `<${child.type.name}>`
    return marks === '' ? said : `{${marks}: ${said}}`
  }).join('')
  return `${head}: ${text}`
}

async function pasted(html: string, files: File[] = []) {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  const paste = new Event('paste', { bubbles: true, cancelable: true })
  Object.assign(paste, { clipboardData: { files, getData: (kind: string) => (kind === 'text/html' ? html : ''), types: ['text/html', ...(files.length > 0 ? ['Files'] : [])] } })
  view.editor().view.dom.dispatchEvent(paste)
  return { core, name, view, outline: view.editor().state.doc.children.map(node => outline(node)).join('\n') }
}

// Written by `UPDATE=1 node test.mjs paste`, then read by a person: what is expected is what a careful author would have typed.
for (const file of readdirSync(folder).filter(name => name.endsWith('.html'))) {
  test(`pasted: ${file.replace('.html', '').replaceAll('-', ' ')}`, async () => {
    const got = await pasted(readFileSync(join(folder, file), 'utf8'))
    const expected = join(folder, file.replace('.html', '.txt'))
    if (process.env.UPDATE !== undefined) writeFileSync(expected, `${got.outline}\n`)
    assert.equal(`${got.outline}\n`, readFileSync(expected, 'utf8'))
    assert.equal((globalThis as { ran?: unknown }).ran ?? (window as unknown as { ran?: unknown }).ran, undefined)
    got.view.end()
  })
}

test('images that only the other program can read are said, and the rest is pasted', async () => {
  const { core, view } = await pasted(readFileSync(join(folder, 'word-lesson.html'), 'utf8'))
  assert.match((await core.heard<{ message: string }>('notice')).message, /^One image was left out/)
  view.end()
})

test('when a program gives its text and a picture of it, the text wins', async () => {
  const picture = new File([new Uint8Array([1])], 'image.png', { type: 'image/png' })
  const table = await pasted(readFileSync(join(folder, 'excel-cells.html'), 'utf8'), [picture])
  assert.match(table.outline, /^table/m)
  assert.equal(table.core.assets.size, 0)
  table.view.end()
  const words = await pasted('<span>only words</span>', [picture])
  assert.equal(words.outline, 'paragraph: only words')
  words.view.end()
  const image = await pasted('<meta charset="utf-8"><img src="https://example.org/a.png">', [picture])
  await image.core.heard('saved')
  assert.equal(image.core.assets.size, 1)
  image.view.end()
})

test('a megabyte of hostile HTML comes through as its words, and in linear work', () => {
  const part = '<div onclick="x()"><p style="font-weight:bold">word <a href="javascript:x">a</a><script>x()</script><iframe src="x"></iframe></p><form><input name=a></form><meta http-equiv=refresh content=0></div>'
  const big = part.repeat(Math.ceil(1_000_000 / part.length))
  const { html } = clean(big)
  assert.doesNotMatch(html, /script|iframe|onclick|javascript|<form|<input|<meta|style=/)
  assert.equal(html.split('<p>').length - 1, Math.ceil(1_000_000 / part.length))
  const deep = `${'<div><blockquote onclick="x()"><ul><li>'.repeat(30_000)}bottom <script>x()</script>&amp; more`
  assert.match(clean(deep).html, /^<p>\s+bottom\s+&amp; more<\/p>$/)
  const notDeep = `<ul>${'<li>a<p>b<br>'.repeat(5000)}</ul>`
  assert.equal(isAbyss(notDeep), false)
  const nested = `${'<div><blockquote><ul><li>'.repeat(150)}bottom`
  assert.match(clean(nested).html, /bottom/)
})

test('the detour around links is taken away, and what nobody should follow is no link', () => {
  assert.equal(plainHref('https://www.google.com/url?q=https%3A%2F%2Fe.org%2Fa&sa=D'), 'https://e.org/a')
  assert.equal(plainHref('https://www.google.de/url?sa=t&url=https://e.org'), 'https://e.org')
  assert.equal(plainHref('https://www.google.com/url?q=javascript:alert(1)'), null)
  assert.equal(plainHref('https://www.google.com/search?q=soil'), 'https://www.google.com/search?q=soil')
  for (const bad of ['javascript:x', 'data:text/html,x', 'file:///c:/a', 'vbscript:x', '']) assert.equal(plainHref(bad), null)
})

test('the numbers of Word are read as it counts', () => {
  assert.deepEqual(['1.', '12)', '(3)', '1.2.4.', 'b.', 'iv.', 'i)', 'o', '·', '§', 'v'].map(marker => numberOf(marker, true)), [1, 12, 3, 4, 2, 4, 1, null, null, null, null])
  assert.equal(numberOf('i.', false), 9)
})
