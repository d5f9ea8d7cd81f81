/** What the parts of one view share. */

import type { Host } from './host.js'
import type { Transfers } from './transfers.js'

export interface Context {
  host: Host
  course: string
  lesson: string
  /** Called with the hash of an asset that has arrived; returns how to stop. */
  onAsset(call: (hash: string) => void): () => void
  /** What is on its way, of the whole window. */
  transfers: Transfers
  /** Writes what a file is into the lesson's `assets` map, in the running transaction. */
  nameAsset(hash: string, mime: string, bytes: number, name: string): void
}
