import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { NodeSelection } from '@tiptap/pm/state'
import { Core, Y } from './page.js'
import { type Opened, lesson, opened, paragraph, text } from './helpers.js'
import { assetArrived, assetTransfers } from '../src/index.js'
import { completeAddress, frameAddress, pageTrouble, sizeOf } from '../src/nodes/address.js'
import { MAX_FILE_BYTES, insertEmbed } from '../src/tools/files.js'
import { withoutBadLinks } from '../src/tools/paste.js'
import { findBlocks } from '../src/tools/slash.js'

const HASH = 'ab'.repeat(32)

function drop(view: Opened, ...files: unknown[]): void {
  const event = new Event('drop', { bubbles: true, cancelable: true })
  Object.assign(event, { dataTransfer: { files, getData: () => '', types: ['Files'] }, clientX: 0, clientY: 0 })
  view.editor().view.posAtCoords = () => ({ pos: 1, inside: 0 })
  view.editor().view.dom.dispatchEvent(event)
}

const body = (core: Core, name: string) => core.doc(name).getXmlFragment('body').toString()
const notice = (core: Core) => core.heard<{ kind: string; message: string }>('notice')
const soon = () => new Promise(done => setTimeout(done, 10))

test('a dropped file becomes what its content is, whatever its name says', async () => {
  for (const [mime, tag, attrs] of [
    ['video/mp4', 'video', 'name="x.bin"'], ['audio/wav', 'audio', 'name="x.bin"'],
    ['application/octet-stream', 'file', 'mime="image/png" name="x.bin" size="3"'],
  ] as const) {
    const { core, name } = lesson([paragraph('see')])
    core.sniffed = mime
    const view = await opened(core, name)
    drop(view, new File([new Uint8Array([1, 2, 3])], 'x.bin', { type: 'image/png' }))
    await core.heard('saved')
    assert.match(body(core, name), new RegExp(`^<paragraph>see</paragraph><${tag} ${attrs} src="asset:${HASH}"></${tag}>`))
    assert.deepEqual(core.doc(name).getMap('assets').get(HASH), { mime, bytes: 3, name: 'x.bin' })
    // What said that it is an image and is none is kept, and said.
    if (tag === 'file') assert.match((await notice(core)).message, /x\.bin was added as a file/)
    view.end()
  }
})

test('an image of 100 MB is refused by its size, with the limit, before a byte of it is read', async () => {
  const { core, name } = lesson([paragraph('see')])
  const view = await opened(core, name)
  let read = 0
  const large = { name: 'wall.png', type: 'image/png', size: 100 * 1024 * 1024, arrayBuffer: () => { read += 1; return Promise.resolve(new ArrayBuffer(0)) } }
  const before = body(core, name)
  drop(view, large, { ...large, name: 'folder', type: '', size: 0 })
  const { kind, message } = await notice(core)
  assert.equal(kind, 'trouble')
  assert.match(message, /unchanged\. wall\.png has 100 MB; .* up to 25 MB/)
  await soon()
  assert.ok(core.events.some(event => event.name === 'notice' && /folder is empty or a folder/.test(JSON.stringify(event.detail))))
  assert.equal(read, 0)
  assert.equal(core.assets.size, 0)
  assert.equal(body(core, name), before)
  view.end()
})

test('the limit is the one of the core', () => {
  const rest = readFileSync(new URL('../../../../crates/protocol/src/rest.rs', import.meta.url), 'utf8')
  const [, factor] = /MAX_ASSET_BYTES: u64 = (\d+) \* 1024 \* 1024;/.exec(rest) ?? []
  assert.equal(MAX_FILE_BYTES, Number(factor) * 1024 * 1024)
})

test('a broken image is kept and said', async () => {
  const { core, name } = lesson([{ type: 'image', attrs: { src: `asset:${HASH}` } }])
  core.assetUrl = () => Promise.resolve('inkhorn-asset://localhost/x')
  const view = await opened(core, name)
  await soon()
  view.element.querySelector('img')?.dispatchEvent(new Event('error'))
  const image = view.element.querySelector<HTMLElement>('.image')
  assert.equal(image?.dataset.state, 'missing')
  assert.match(image?.textContent ?? '', /cannot be shown/)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('a caption is edited below its block, and alternative text is asked for while there is none', async () => {
  const { core, name } = lesson([{ type: 'image', attrs: { src: `asset:${HASH}` } }, paragraph('x')])
  const view = await opened(core, name)
  const field = (kind: string) => view.element.querySelector<HTMLTextAreaElement>(`.${kind}`)
  assert.equal(field('image-alt')?.dataset.empty, 'true')
  for (const [kind, value] of [['block-caption', 'A\nsoil'], ['image-alt', 'Brown earth']] as const) {
    const input = field(kind)
    assert.ok(input)
    input.value = value
    input.dispatchEvent(new Event('change'))
  }
  await view.handle.flush()
  assert.match(body(core, name), /<image alt="Brown earth" caption="A soil" src=/)
  assert.equal(field('image-alt')?.dataset.empty, 'false')
  view.end()
  const reader = await opened(core, name, false)
  assert.equal(reader.element.querySelector('.block-caption')?.textContent, 'A soil')
  assert.equal(reader.element.querySelector<HTMLElement>('.image-alt')?.hidden, true)
  assert.equal(reader.element.querySelectorAll('textarea, input').length, 0)
  reader.end()
})

test('how far a file is stands on its block', async () => {
  const { core, name } = lesson([{ type: 'file', attrs: { src: `asset:${HASH}`, name: 'plan.pdf', size: 3 } }])
  const view = await opened(core, name)
  const line = () => view.element.querySelector<HTMLElement>('.transfer')
  assert.equal(line()?.hidden, true)
  const transfer = { hash: HASH, up: true, state: 'offline' as const, done: 0, bytes: 4 * 1024 * 1024 }
  assetTransfers([transfer])
  assert.equal(line()?.hidden, false)
  assert.match(line()?.textContent ?? '', /On this computer.*when the network is back/)
  assetTransfers([{ ...transfer, state: 'moves', done: 1024 * 1024 }])
  assert.match(line()?.textContent ?? '', /Being sent: 1 MB of 4 MB/)
  assert.equal(line()?.querySelector('progress')?.value, 0.25)
  assetTransfers([{ ...transfer, up: false }])
  assert.match(line()?.textContent ?? '', /Not arrived yet/)
  assetTransfers([])
  assert.equal(line()?.hidden, true)
  view.end()
})

test('a file that has arrived can be saved, by its button and by the keyboard, and is never opened', async () => {
  const { core, name } = lesson([{ type: 'file', attrs: { src: `asset:${HASH}`, name: 'setup.exe', size: 2048 } }, paragraph('x')])
  let here = false
  core.assetUrl = () => Promise.resolve(here ? 'inkhorn-asset://localhost/x' : null)
  const view = await opened(core, name)
  await soon()
  const block = () => view.element.querySelector<HTMLElement>('.file-block')
  const button = () => block()?.querySelector<HTMLButtonElement>('button')
  assert.match(block()?.textContent ?? '', /setup\.exe.*2 KB.*not arrived yet/)
  assert.equal(button()?.hidden, true)
  here = true
  assetArrived(HASH)
  await soon()
  assert.match(block()?.textContent ?? '', /Inkhorn only saves it/)
  button()?.click()
  const { editor } = view as { editor(): import('@tiptap/core').Editor }
  editor().view.dispatch(editor().state.tr.setSelection(NodeSelection.create(editor().state.doc, 0)))
  editor().view.dom.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }))
  assert.deepEqual(core.saved, ['setup.exe', 'setup.exe'])
  assert.match((await notice(core)).message, /setup\.exe was saved as \/home\/setup\.exe/)
  assert.deepEqual(core.opened, [])
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('what cannot be played is said, with a way to save it', async () => {
  const { core, name } = lesson([{ type: 'video', attrs: { src: `asset:${HASH}`, name: 'tide.mp4' } }])
  core.assetUrl = () => Promise.resolve('blob:x')
  const view = await opened(core, name)
  await soon()
  view.element.querySelector('video')?.dispatchEvent(new Event('error'))
  const block = view.element.querySelector<HTMLElement>('.media')
  assert.equal(block?.dataset.state, 'unplayable')
  assert.match(block?.textContent ?? '', /cannot play/)
  const save = [...view.element.querySelectorAll<HTMLButtonElement>('.media button')].find(button => /Save/.test(button.textContent ?? ''))
  assert.equal(save?.hidden, false)
  save?.click()
  assert.deepEqual(core.saved, ['tide.mp4'])
  view.end()
})

test('video and audio on the web are named, not loaded', async () => {
  const { core, name } = lesson([{ type: 'audio', attrs: { src: 'https://example.org/a.mp3' } }, { type: 'video', attrs: { src: 'javascript:x' } }])
  const view = await opened(core, name)
  const [audio, video] = [...view.element.querySelectorAll<HTMLElement>('.media')]
  assert.equal(audio?.dataset.state, 'remote')
  assert.match(audio?.textContent ?? '', /example\.org/)
  assert.equal(video?.dataset.state, 'missing')
  assert.equal(view.element.querySelectorAll('audio[src], video[src]').length, 0)
  view.end()
})

test('an embedded page is loaded only when the reader asks, in a frame that it cannot leave', async () => {
  const { core, name } = lesson([{ type: 'embed', attrs: { src: 'https://www.youtube.com/watch?v=abc_DEF-123', title: 'Tides' } }])
  const view = await opened(core, name, false)
  const frame = () => view.element.querySelector('iframe')
  const button = (words: string) => [...view.element.querySelectorAll<HTMLButtonElement>('.embed button')].find(one => one.textContent === words)
  assert.equal(frame(), null)
  assert.match(view.element.querySelector('.embed')?.textContent ?? '', /Tides.*Nothing is loaded from www\.youtube\.com/)
  Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })
  button('Show page')?.click()
  assert.equal(frame(), null)
  assert.match(view.element.querySelector('.embed')?.textContent ?? '', /offline\. The link is kept/)
  Object.defineProperty(navigator, 'onLine', { value: true, configurable: true })
  button('Show page')?.click()
  assert.equal(frame()?.getAttribute('src'), 'https://www.youtube-nocookie.com/embed/abc_DEF-123')
  assert.doesNotMatch(frame()?.getAttribute('sandbox') ?? 'allow-top', /top|popups|modals|downloads/)
  assert.equal(frame()?.title, 'Tides')
  button('Hide page')?.click()
  assert.equal(frame(), null)
  button('Open in the browser')?.click()
  assert.deepEqual(core.opened, ['https://www.youtube.com/watch?v=abc_DEF-123'])
  view.end()
})

const REFUSED = ['file:///etc/passwd', 'http://localhost', 'https://localhost:8080/x', 'javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x',
  'https://127.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'https://router.local/', 'https://a:b@example.org/', 'http://example.org/', 'https://intranet/', 'nonsense', 'inkhorn-asset://localhost/x', 'blob:https://x.org/1']

test('a page of this computer or of no site is refused with the reason, and never loaded, wherever it comes from', async () => {
  for (const src of REFUSED) assert.ok(pageTrouble(src), src)
  for (const good of ['https://example.org', 'https://sub.example.org:8443/a?b#c', 'HTTPS://EXAMPLE.ORG/']) assert.equal(pageTrouble(good), null, good)
  assert.equal(completeAddress(' example.org/a '), 'https://example.org/a')
  assert.match(pageTrouble('file:///etc/passwd') ?? '', /file of one computer/)
  assert.match(pageTrouble('http://localhost') ?? '', /its own network/)
  assert.match(pageTrouble('javascript:alert(1)') ?? '', /not javascript:/)
  // From somebody else, or an import.
  const { core, name } = lesson(REFUSED.map(src => ({ type: 'embed', attrs: { src } })))
  const view = await opened(core, name)
  const blocks = [...view.element.querySelectorAll<HTMLElement>('.embed')]
  assert.equal(blocks.length, REFUSED.length)
  for (const block of blocks) {
    assert.equal(block.dataset.state, 'refused')
    assert.match(block.textContent ?? '', /not allowed in a lesson and was not loaded\. ./)
    for (const button of block.querySelectorAll('button')) if (/Show|browser/.test(button.textContent ?? '')) {
      assert.equal(button.hidden, true)
      button.click()
    }
    assert.equal(block.querySelector('iframe'), null)
  }
  assert.equal(core.pushes.length, 0)
  // A peer changes the address while the page is shown.
  const film = lesson([{ type: 'embed', attrs: { src: 'https://example.org/' } }])
  const open = await opened(film.core, film.name)
  ;[...open.element.querySelectorAll<HTMLButtonElement>('.embed button')].find(one => one.textContent === 'Show page')?.click()
  assert.ok(open.element.querySelector('iframe'))
  const first = film.core.doc(film.name).getXmlFragment('body').get(0) as Y.XmlElement
  first.setAttribute('src', 'javascript:alert(1)')
  const { changed } = await import('../src/index.js')
  changed(film.name)
  await soon()
  assert.equal(open.element.querySelector('iframe'), null)
  assert.equal(open.element.querySelector<HTMLElement>('.embed')?.dataset.state, 'refused')
  open.end()
  view.end()
})

test('an embed asks for its address, says why one is refused, and keeps the one that is not', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  insertEmbed(view.editor())
  const block = view.element.querySelector<HTMLElement>('.embed')
  const field = block?.querySelector<HTMLInputElement>('input')
  const form = block?.querySelector('form')
  assert.equal(block?.dataset.state, 'empty')
  assert.ok(field && form)
  field.value = 'file:///etc/passwd'
  form.dispatchEvent(new Event('submit', { cancelable: true }))
  assert.match(block?.querySelector('[role=alert]')?.textContent ?? '', /file of one computer/)
  assert.equal(field.getAttribute('aria-invalid'), 'true')
  field.value = 'example.org/map'
  form.dispatchEvent(new Event('submit', { cancelable: true }))
  await view.handle.flush()
  assert.match(body(core, name), /<embed src="https:\/\/example\.org\/map">/)
  assert.equal(block?.dataset.state, 'closed')
  view.end()
})

test('a dangerous link is refused in the field, in a paste and where it comes from somebody else', async () => {
  for (const href of ['javascript:alert(1)', 'data:text/html,<script>x</script>', ' JAVAscript:x']) {
    const { core, name } = lesson([{ type: 'paragraph', content: [{ type: 'text', text: 'bad', marks: [{ type: 'link', attrs: { href } }] }] }])
    const view = await opened(core, name, false)
    const link = view.element.querySelector('a')
    assert.ok(link)
    assert.equal(link.getAttribute('href') ?? '', '')
    link.dispatchEvent(new window.MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true }))
    assert.match((await notice(core)).message, /was not opened/)
    assert.deepEqual(core.opened, [])
    view.end()
    const node = { type: 'paragraph', content: [{ ...text('x'), marks: [{ type: 'link', attrs: { href } }, { type: 'bold' }] }] }
    assert.deepEqual(withoutBadLinks(node).content?.[0]?.marks, [{ type: 'bold' }])
  }
  const { core, name } = lesson([paragraph('word')])
  const view = await opened(core, name)
  view.editor().commands.setTextSelection({ from: 1, to: 5 })
  view.editor().view.dom.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }))
  const field = view.element.querySelector<HTMLInputElement>('.bubble-field')
  assert.ok(field)
  field.value = 'javascript:alert(1)'
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  assert.match((await notice(core)).message, /link was not set/)
  assert.equal(core.pushes.length, 0)
  view.end()
})

test('copied blocks stay what they are, and frames become a page only where it is one on the web', async () => {
  const { core, name } = lesson([paragraph('')])
  const view = await opened(core, name)
  const { view: pm } = view.editor()
  pm.pasteHTML(`<div data-pm-slice="0 0 []" data-media="video" data-src="asset:${HASH}" data-name="a.mp4" data-caption="C"></div><div data-file="" data-src="asset:${HASH}" data-size="7" data-name="f"></div>`
    + '<iframe src="//www.youtube.com/embed/abcdefgh" title="T"></iframe><iframe src="javascript:alert(1)"></iframe><iframe src="http://localhost/"></iframe><video src="file:///x.mp4"></video>')
  await view.handle.flush()
  const html = body(core, name)
  assert.match(html, /<video caption="C" name="a\.mp4" src="asset:/)
  assert.match(html, /<file name="f" size="7" src="asset:/)
  assert.match(html, /<embed src="https:\/\/www\.youtube\.com\/embed\/abcdefgh" title="T">/)
  assert.doesNotMatch(html, /javascript|localhost|file:/)
  assert.equal((core.doc(name).getXmlFragment('body').toArray() as Y.XmlElement[]).find(node => node.nodeName === 'file')?.getAttribute('size'), 7)
  view.end()
})

test('films are shown without the menus of their site, and sizes are said as people say them', () => {
  assert.equal(frameAddress('https://youtu.be/abcdefgh?t=30s'), 'https://www.youtube-nocookie.com/embed/abcdefgh?start=30')
  assert.equal(frameAddress('https://vimeo.com/1234'), 'https://player.vimeo.com/video/1234?dnt=1')
  assert.equal(frameAddress('https://example.org/a'), 'https://example.org/a')
  assert.deepEqual([10, 2048, 1536 * 1024, 25 * 1024 * 1024].map(sizeOf), ['10 bytes', '2 KB', '1.5 MB', '25 MB'])
  for (const [typed, block] of [['movie', 'Video'], ['podcast', 'Audio'], ['pdf', 'File'], ['youtube', 'Embed']] as const) assert.equal(findBlocks(typed)[0], block)
})
