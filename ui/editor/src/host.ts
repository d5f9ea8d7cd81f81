/** What the island needs from the window, and what it gives back. CONTRACT.md says the same in words. */

import type { Cursor, Person } from './peers.js'

/** A node of a body in ProseMirror's JSON form, as `crates/protocol/src/body.rs` has it. */
export interface BodyNode {
  type: string
  attrs?: Record<string, unknown>
  content?: BodyNode[]
  text?: string
  marks?: { type: string; attrs?: Record<string, unknown> }[]
}

export interface Host {
  /** Difference between the core's document and `stateVector`, as v1 update bytes. */
  load(course: string, lesson: string, stateVector: Uint8Array): Promise<Uint8Array | ArrayBuffer>
  /** One update. Resolves when it is durable on this computer; rejects when the core refuses it. */
  push(course: string, lesson: string, update: Uint8Array): Promise<void>
  /** Stores a file; resolves with its SHA-256 as 64 hex digits and with the type that its content has. */
  putAsset(course: string, lesson: string, name: string, mime: string, bytes: Uint8Array): Promise<{ hash: string; mime: string }>
  /** Saves a copy of a file where the person wants it; resolves with the path, or with null when they changed their mind. */
  saveAsset(course: string, hash: string, name: string): Promise<string | null>
  /** An address that an <img>, <video> or <audio> can show, or null while the bytes are not here. */
  assetUrl(course: string, hash: string): Promise<string | null>
  /** A link was followed. */
  openLink(course: string, lesson: string, href: string): void
  /** Lessons of the course for the link field, best first. */
  findLessons?(course: string, query: string): Promise<{ id: string; title: string }[]>
  /** Blocks of a Markdown text, for pasting; the core has the parser. */
  markdownToBlocks?(markdown: string): Promise<BodyNode[]>
  /** This window shows a lesson, under the id of its Y.Doc and with the caret there, or (null) shows it no more. */
  caret?(lesson: string, client: number | null, cursor: Cursor | null): Promise<void>
  /** The author wants the last thing taken back, or done again, whatever it was. Without it, each lesson has its own order. */
  history?(lesson: string, way: Way): void
  /** What happened. */
  event(lesson: string, name: EventName, detail: unknown): void
}

export type EventName =
  | 'ready' | 'mode' | 'failed' | 'saving' | 'unsaved' | 'saved' | 'frozen' | 'words' | 'headings' | 'notice' | 'unfollow'
  | 'step' | 'lost'

export type Way = 'undo' | 'redo'

/** What became of an undo or redo of one lesson: whether anything changed, and how many steps are left each way. */
export interface Steps {
  done: boolean
  undo: number
  redo: number
}

/** `newer`: the document holds something that this version does not know; shown, never edited. */
export type Mode = 'edit' | 'read' | 'newer'

export interface OpenOptions {
  course: string
  lesson: string
  editable: boolean
  label: string
  /** Language of the text (BCP 47), for spelling and hyphens; absent: that of the window. */
  language?: string
}

export interface Handle {
  setEditable(editable: boolean): void
  focus(where?: 'start' | 'end'): void
  reveal(fragment: string): boolean
  find(query?: string): void
  follow(person: Person | null): void
  flush(): Promise<void>
  text(): string
  close(): void
}

/** The message of whatever was thrown: errors of the core arrive as strings, as `{message}` or as Error. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}

/** Whether the core says that the same push may work later (a full disk, for example). */
export function isTransient(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retry' in error && error.retry === true
}
