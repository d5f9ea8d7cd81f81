/** Where the bytes of a block are, and which pages a lesson may show. */

import * as words from '../words.js'

const ASSET = /^asset:([0-9a-f]{64})$/

/** The hash of a file of ours. */
export function assetHash(src: unknown): string | null {
  return typeof src === 'string' ? (ASSET.exec(src)?.[1] ?? null) : null
}

export function fileName(src: string): string {
  const path = src.split(/[?#]/)[0] ?? src
  return path.split('/').filter(part => part !== '').pop() ?? src
}

/** The host of a page on the web; empty for everything else. */
export function hostOf(src: string): string {
  try {
    return new URL(src).host
  } catch {
    return ''
  }
}

/** An address as people type it: without a scheme it is on the web. */
export function completeAddress(typed: string): string {
  const address = typed.trim()
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+([:/?#].*)?$/i.test(address) ? `https://${address}` : address
}

/** Hosts of this computer and of the network that it is in: a course must not reach into either. */
function isPrivate(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()
  if (name.includes(':')) return true // A number of IPv6: no site is named so.
  if (/^\d+(\.\d+){3}$/.test(name)) return true // Nor so.
  return !name.includes('.') || /(^|\.)(localhost|local|internal|intranet|lan|home|arpa)$/.test(name)
}

/** Why a page may not be shown in a lesson; `null` when it may. The same for what is typed, imported or comes from others. */
export function pageTrouble(src: string): string | null {
  const address = src.trim()
  if (address === '') return words.embedEmpty
  let url: URL
  try {
    url = new URL(address)
  } catch {
    return words.embedNoAddress
  }
  if (url.protocol === 'file:') return words.embedFile
  if (!/^https?:$/.test(url.protocol)) return words.embedScheme(url.protocol)
  if (isPrivate(url.hostname)) return words.embedPrivate
  if (url.protocol !== 'https:') return words.embedPlain
  if (url.username !== '' || url.password !== '') return words.embedPassword
  return null
}

/** The page that is put into the frame: sites with films have one for this, without their menus. */
export function frameAddress(src: string): string {
  const url = new URL(src)
  const host = url.hostname.replace(/^(www|m)\./, '')
  const film = /^[\w-]{6,20}$/
  const [first = '', second = ''] = url.pathname.split('/').filter(part => part !== '')
  const tube = host === 'youtu.be' ? first
    : host === 'youtube.com' || host === 'youtube-nocookie.com'
      ? (['embed', 'shorts', 'live'].includes(first) ? second : first === 'watch' ? url.searchParams.get('v') ?? '' : '')
      : ''
  if (film.test(tube)) {
    const start = url.searchParams.get('start') ?? url.searchParams.get('t')?.replace(/s$/, '') ?? ''
    return `https://www.youtube-nocookie.com/embed/${tube}${/^\d+$/.test(start) ? `?start=${start}` : ''}`
  }
  if (host === 'vimeo.com' && /^\d+$/.test(first)) return `https://player.vimeo.com/video/${first}?dnt=1`
  return url.href
}

/** A number of bytes as people say it. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KB'] : [bytes / 1024 / 1024, 'MB']
  return `${amount < 9.95 ? Number(amount.toFixed(1)) : Math.round(amount)} ${unit}`
}
