/** Opening a lesson the way the window does. */

import type { Editor } from '@tiptap/core'
import { configure, open } from '../src/index.js'
import type { Handle } from '../src/host.js'
import { Core, type Json, fill } from './page.js'

export interface Opened {
  core: Core
  handle: Handle
  element: HTMLElement
  mode: string
  /** The editor behind the view: tests act through it as the keyboard would. */
  editor(): Editor
  end(): void
}

let count = 0

/** A core with one lesson of these blocks. */
export function lesson(blocks: Json[], core = new Core()): { core: Core; name: string } {
  count += 1
  const name = `lesson-${count}`
  fill(core.doc(name).getXmlFragment('body'), blocks)
  return { core, name }
}

export async function opened(core: Core, name: string, editable = true): Promise<Opened> {
  configure(core)
  const element = document.createElement('div')
  document.body.append(element)
  const since = core.events.length
  const handle = open(element, { course: 'c', lesson: name, editable, label: 'Lesson' })
  const { mode } = await core.heard<{ mode: string }>('ready', since)
  return {
    core, handle, element, mode,
    editor: () => (handle as unknown as { editor: Editor }).editor,
    end: () => {
      handle.close()
      element.remove()
    },
  }
}

export const text = (value: string, ...marks: string[]): Json => ({ type: 'text', text: value, marks: marks.map(type => ({ type })) })
export const paragraph = (...content: (Json | string)[]): Json => ({ type: 'paragraph', content: content.map(c => (typeof c === 'string' ? text(c) : c)) })
