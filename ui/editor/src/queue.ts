/** The way of one document's edits to the core: in order, one at a time, nothing dropped. */

import { isTransient } from './host.js'

export interface QueueEvents {
  /** The first edit after everything was confirmed. */
  saving(): void
  /** Everything that was added is confirmed. */
  saved(): void
  /** The last try failed, and the same bytes will be tried again. */
  unsaved(error: unknown): void
  /** The core refused: nothing more will be sent. */
  refused(error: unknown): void
}

/** Pause before a push that failed for a passing reason is tried again: long enough for a person to free some disk. */
export const RETRY_MS = 2_000

/** The end of what the webview does now: a letter is in the page before anything else is done about it. */
export const turn = (): Promise<void> => new Promise(done => setTimeout(done))

export class PushQueue {
  private waiting: Uint8Array[] = []
  private inFlight = false
  private refusal: unknown = null
  private watchers: { resolve: () => void; reject: (error: unknown) => void }[] = []

  constructor(
    private readonly send: (update: Uint8Array) => Promise<void>,
    /** Makes one update of several, so that a fast typist costs one message a round trip. */
    private readonly merge: (updates: Uint8Array[]) => Uint8Array,
    private readonly events: QueueEvents,
    private readonly pause: (ms: number) => Promise<void> = ms => new Promise(done => setTimeout(done, ms)),
    private readonly rest: () => Promise<void> = turn,
  ) {}

  /** Whether something is not confirmed. */
  get pending(): boolean {
    return this.inFlight || this.waiting.length > 0
  }

  get refused(): boolean {
    return this.refusal !== null
  }

  add(update: Uint8Array): void {
    this.waiting.push(update)
    if (this.refusal === null) void this.run()
  }

  /** Resolves when everything that was added so far is confirmed. */
  flush(): Promise<void> {
    if (this.refusal !== null) return Promise.reject(this.refusal)
    if (!this.pending) return Promise.resolve()
    return new Promise((resolve, reject) => this.watchers.push({ resolve, reject }))
  }

  /** Ends it: nothing more is sent, and whoever waits hears why. */
  refuse(error: unknown): void {
    if (this.refusal !== null) return
    this.inFlight = false
    this.refusal = error
    this.settle(watcher => watcher.reject(error))
    this.events.refused(error)
  }

  private async run(): Promise<void> {
    if (this.inFlight) return
    this.inFlight = true
    await this.rest()
    if (this.refusal !== null) return
    this.events.saving()
    while (this.waiting.length > 0) {
      const batch = this.waiting
      this.waiting = []
      const first = batch[0]
      if (first === undefined) continue
      const update = batch.length === 1 ? first : this.merge(batch)
      try {
        await this.send(update)
      } catch (error) {
        this.waiting.unshift(update)
        if (this.refusal !== null) return
        if (!isTransient(error)) return this.refuse(error)
        this.events.unsaved(error)
        await this.pause(RETRY_MS)
      }
      if (this.refusal !== null) return
    }
    this.inFlight = false
    this.events.saved()
    this.settle(watcher => watcher.resolve())
  }

  private settle(how: (watcher: { resolve: () => void; reject: (error: unknown) => void }) => void): void {
    const watchers = this.watchers
    this.watchers = []
    watchers.forEach(how)
  }
}
