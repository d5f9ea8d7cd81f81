/** What the window calls. See CONTRACT.md. */

import { Documents } from './documents.js'
import type { Handle, Host, OpenOptions, Steps, Way } from './host.js'
import { CaretLine, type Peer } from './peers.js'
import { type Transfer, Transfers } from './transfers.js'
import { LessonView } from './view.js'
import * as words from './words.js'

const documents = new Documents()
const assetCalls = new Set<(hash: string) => void>()
const line = new CaretLine((...said) => host?.caret?.(...said) ?? Promise.resolve())
const transfers = new Transfers()
let host: Host | null = null

export function configure(given: Host): void {
  host = given
}

export function open(element: HTMLElement, options: OpenOptions): Handle {
  if (host === null) throw new Error('configure() comes before open()')
  return new LessonView(element, options, host, documents, assetCalls, transfers, line)
}

export function changed(lesson: string): void {
  const document = documents.get(lesson)
  // What fails here is not lost: the core has it, and the next change or opening asks again.
  document?.pull().catch((error: unknown) => console.warn('pull', lesson, error))
}

/** Updates that came with their bytes were lost: every lesson that is alive here is asked about again. */
export function changedAll(): void {
  for (const document of documents.all()) document.pull().catch((error: unknown) => console.warn('pull', error))
}

export function applyRemote(lesson: string, update: Uint8Array): boolean {
  const document = documents.get(lesson)
  if (document === undefined) return false
  document.applyRemote(update)
  return true
}

/** Who else has a lesson open, and where. */
export function carets(lesson: string, peers: Peer[]): void {
  documents.get(lesson)?.peers.set(peers)
}

export function reset(lesson: string): void {
  documents.reset(lesson, words.rebuilt)
}

/** Takes the last step of a lesson back, or does it again. Null when it is not being edited in this window. */
export function step(lesson: string, way: Way): Steps | null {
  return documents.get(lesson)?.step(way) ?? null
}

/** The author did something else: what is typed from now on is a step of its own. */
export function seal(): void {
  for (const document of documents.all()) document.undo.stopCapturing()
}

export function assetArrived(hash: string): void {
  for (const call of [...assetCalls]) call(hash)
}

/** What of the open course is on its way now; what is not in the list is not. */
export function assetTransfers(list: Transfer[]): void {
  transfers.set(list)
}

export async function flush(): Promise<void> {
  // One that was refused fails at once, and must not keep the others from being waited for: the window closes after this.
  const ends = await Promise.allSettled(documents.all().map(document => document.queue.flush()))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

export function hasPending(): boolean {
  return documents.all().some(document => document.queue.pending)
}
