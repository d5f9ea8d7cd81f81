/**
 * Who else has a lesson open, and the way of this window's own caret to them. Nothing of it is in the document, and
 * nothing of it is kept: the latest counts, and what is lost is said again.
 */

/** A place that moves with the text: a relative position of Yjs as JSON. */
export type Position = Record<string, unknown>

export interface Cursor {
  anchor: Position
  head: Position
}

/** Somebody who has the lesson open; `cursor` is null while they only read. `client` is the Yjs client id of their edits. */
export interface Peer {
  client: number
  name: string
  /** 0 to 7, stable for a person. */
  hue: number
  cursor: Cursor | null
}

/** A person, as the window knows them. */
export type Person = Pick<Peer, 'name' | 'hue'>

/** After so long without a word nobody is there any more, in milliseconds: y-protocols' 30 s, and the way to here. */
export const SILENT_MS = 35_000

/** The others in one lesson. */
export class Peers {
  private list: readonly Peer[] = []
  private readonly listeners = new Set<() => void>()
  private timer: ReturnType<typeof setTimeout> | undefined

  get all(): readonly Peer[] {
    return this.list
  }

  of(client: number): Peer | undefined {
    return this.list.find(peer => peer.client === client)
  }

  /** Everybody who is there now. */
  set(list: readonly Peer[]): void {
    clearTimeout(this.timer)
    // The core says again every 15 s that somebody is still there; a word that was lost ends with this.
    if (list.length > 0) this.timer = setTimeout(() => this.set([]), SILENT_MS)
    if (JSON.stringify(list) === JSON.stringify(this.list)) return
    this.list = list
    for (const listener of [...this.listeners]) listener()
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

/** What the core is told: where this window is in a lesson, or (client null) that it is not there any more. */
export type Say = (lesson: string, client: number | null, cursor: Cursor | null) => Promise<void>

/** Time between two words to the core, in milliseconds: carets are followed by eye. */
export const SAY_EVERY_MS = 50

/** One way for all lessons of the window: in order, one at a time, of each lesson only the latest. */
export class CaretLine {
  private readonly waiting = new Map<string, [number | null, Cursor | null]>()
  private running = false

  constructor(
    private readonly send: Say,
    private readonly pause: (ms: number) => Promise<void> = ms => new Promise(done => setTimeout(done, ms)),
  ) {}

  say(lesson: string, client: number | null, cursor: Cursor | null): void {
    this.waiting.delete(lesson)
    this.waiting.set(lesson, [client, cursor])
    if (!this.running) void this.run()
  }

  private async run(): Promise<void> {
    this.running = true
    await this.pause(0)
    for (let next = this.next(); next !== null; next = this.next()) {
      // What could not be said is not missed: the next move is said anew.
      await this.send(...next).catch(() => undefined)
      await this.pause(SAY_EVERY_MS)
    }
    this.running = false
  }

  private next(): [string, number | null, Cursor | null] | null {
    for (const [lesson, [client, cursor]] of this.waiting) {
      this.waiting.delete(lesson)
      return [lesson, client, cursor]
    }
    return null
  }
}
