/**
 * The handle beside a block: drag to move, click for the menu. Pointer events rather than the webview's drag and drop: what
 * is dragged is an element of the document, found again wherever others' edits have put it in the meantime. (Tiptap's own
 * drag handle deletes by the position that the block had when the drag began.)
 */

import { Extension, type Editor } from '@tiptap/core'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import type * as Y from 'yjs'
import { bodyOf } from '../binding.js'
import type { Context } from '../context.js'
import { el, icon } from '../dom.js'
import { scrollerOf } from '../scroll.js'
import * as words from '../words.js'
import { moveByKey, moveUnits, movedWords } from './act.js'
import { type Drop, dropAt } from './drop.js'
import { BlockMenu } from './menu.js'
import { type Unit, elementOf, isItem, pathOf, unitAt, unitOn } from './unit.js'

/** A press that moves less than this, in pixels, is a click. */
const SLACK = 4
/** A drag this near the edge of what is seen scrolls it, in pixels; and so many in a frame. */
const NEAR = 48
const PACE = 12

const key = new PluginKey<Y.XmlElement | null>('blockHandle')

class BlockHandle {
  // For the mouse alone: one stop for Tab at every block would be in the way, and the keyboard has the menu (Mod+Shift+.) and
  // the moves (Alt+Shift and an arrow) at the caret.
  private readonly button = el('button', {
    type: 'button', class: 'block-handle', 'aria-hidden': 'true', 'aria-expanded': 'false', tabindex: '-1',
    'data-tip': `${words.blockHandle}  ${words.keys('Mod+Shift+.')}`, 'data-tip-side': 'bottom-start', hidden: true, 'data-testid': 'block-handle',
  }, icon('grip-vertical'))
  private readonly line = el('div', { class: 'block-drop', hidden: true })
  private readonly voice = el('div', { class: 'visually-hidden', role: 'status' })
  private readonly menu: BlockMenu
  /** The block under the mouse; the one of the caret otherwise. */
  private hovered: Y.XmlElement | null = null
  private shown: Y.XmlElement | null = null
  private frame = 0
  private pointer: { x: number; y: number } | null = null
  private drag: { element: Y.XmlElement; x: number; y: number; moved: boolean; drop: Drop | null; turn: number } | null = null
  private readonly ends: (() => void)[] = []

  constructor(private readonly editor: Editor, context: Context) {
    this.menu = new BlockMenu(editor, context, text => this.say(text))
    const on = <K extends keyof WindowEventMap>(target: EventTarget, name: K, run: (event: WindowEventMap[K]) => void) => {
      target.addEventListener(name, run as EventListener)
      this.ends.push(() => target.removeEventListener(name, run as EventListener))
    }
    const host = editor.view.dom.parentElement ?? editor.view.dom
    on(host, 'pointermove', event => {
      if (event.pointerType === 'touch' || this.drag !== null) return
      this.pointer = { x: event.clientX, y: event.clientY }
      this.later()
    })
    on(host, 'pointerleave', () => {
      this.pointer = null
      this.hovered = null
      this.later()
    })
    on(this.button, 'pointerdown', event => this.press(event))
    on(this.button, 'pointermove', event => this.pull(event))
    on(this.button, 'pointerup', event => this.release(event))
    on(this.button, 'pointercancel', () => this.cancel())
    on(window, 'keydown', event => {
      if (event.key !== 'Escape' || this.drag === null) return
      event.preventDefault()
      event.stopPropagation()
      this.cancel()
    })
  }

  /** The text or the caret changed. */
  update(): void {
    if (this.drag?.moved === true) this.aim()
    this.later()
  }

  say(text: string): void {
    this.attach()
    // The same words twice are said twice.
    this.voice.textContent = ''
    this.voice.textContent = text
  }

  /** Opens the menu of the block with the caret. */
  openAtCaret(): boolean {
    const unit = unitAt(this.editor.state.selection.$from, true)
    const element = this.elementOf(unit)
    if (element === null || !this.editor.isEditable) return false
    this.show(element)
    this.openMenu(element)
    return true
  }

  destroy(): void {
    cancelAnimationFrame(this.frame)
    if (this.drag !== null) cancelAnimationFrame(this.drag.turn)
    this.ends.forEach(end => end())
    this.menu.destroy()
    for (const part of [this.button, this.line, this.voice]) part.remove()
  }

  private attach(): void {
    const frame = this.editor.view.dom.parentElement
    if (frame === null || this.voice.parentElement === frame) return
    frame.append(this.button, this.line, this.voice)
  }

  private elementOf(unit: Unit | null): Y.XmlElement | null {
    const body = bodyOf(this.editor)
    return unit === null || body === null ? null : elementOf(body, unit.path)
  }

  private unitOf(element: Y.XmlElement): Unit | null {
    const body = bodyOf(this.editor)
    const path = body === null ? null : pathOf(body, element)
    return path === null ? null : unitOn(this.editor.state.doc, path)
  }

  /** Once a frame, after the page was laid out anyway: a keystroke does not wait for it. */
  private later(): void {
    if (this.frame !== 0) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      if (!this.editor.isDestroyed) this.settle()
    })
  }

  private settle(): void {
    if (this.menu.isOpen || this.drag !== null) return
    if (!this.editor.isEditable) return this.hide()
    if (this.pointer !== null && !this.button.matches(':hover')) {
      this.hovered = this.elementOf(this.unitUnder(this.pointer))
      this.pointer = null
    }
    const caret = this.editor.view.hasFocus() ? this.elementOf(unitAt(this.editor.state.selection.$from)) : null
    const element = this.hovered?._item?.deleted === false ? this.hovered : caret
    if (element === null) this.hide()
    else this.show(element)
  }

  /** The unit at the height of the mouse: beside the text too. */
  private unitUnder(pointer: { x: number; y: number }): Unit | null {
    const { view } = this.editor
    const box = view.dom.getBoundingClientRect()
    if (pointer.y < box.top || pointer.y > box.bottom) return null
    // Left of the text it means the outermost, so the middle of the text would say something else.
    const x = Math.min(Math.max(pointer.x, box.left + 2), box.right - 2)
    const spot = view.posAtCoords({ left: x, top: pointer.y })
    if (spot === null) return null
    return unitAt(view.state.doc.resolve(spot.inside >= 0 ? Math.max(spot.inside, Math.min(spot.pos, view.state.doc.content.size)) : spot.pos))
  }

  private show(element: Y.XmlElement): void {
    const unit = this.unitOf(element)
    const dom = unit === null ? null : this.editor.view.nodeDOM(unit.pos)
    const frame = this.editor.view.dom.parentElement
    if (unit === null || !(dom instanceof HTMLElement) || frame === null) return this.hide()
    this.attach()
    this.shown = element
    const box = dom.getBoundingClientRect()
    const outer = frame.getBoundingClientRect()
    const style = getComputedStyle(dom)
    const line = Number.parseFloat(style.lineHeight)
    const height = dom.childElementCount > 0 && !unit.node.isTextblock && !isItem(unit.node) ? 28 : Number.isFinite(line) ? line : 28
    // An item's mark stands before its text.
    const before = isItem(unit.node) ? 28 + (unit.node.type.name === 'taskItem' ? 0 : 26) : 30
    const rtl = style.direction === 'rtl'
    const left = rtl && isItem(unit.node) ? box.right - outer.left + before - 28 : box.left - outer.left - before
    // In a narrow window it stands at the very edge rather than beyond it.
    const edge = (frame.closest('.scroll')?.getBoundingClientRect().left ?? 0) - outer.left
    this.button.style.transform = `translate(${Math.round(Math.max(left, edge))}px, ${Math.round(box.top - outer.top + (height - 28) / 2)}px)`
    this.button.hidden = false
  }

  private hide(): void {
    this.shown = null
    this.button.hidden = true
  }

  private openMenu(element: Y.XmlElement): void {
    const tell = (chosen: Y.XmlElement | null) => {
      if (!this.editor.isDestroyed) this.editor.view.dispatch(this.editor.state.tr.setMeta(key, { chosen }).setMeta('addToHistory', false))
    }
    this.button.setAttribute('aria-expanded', 'true')
    tell(element)
    this.menu.open(this.button.getBoundingClientRect(), () => this.unitOf(element), () => {
      this.button.setAttribute('aria-expanded', 'false')
      tell(null)
      this.later()
    })
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || this.shown === null) return
    event.preventDefault()
    this.button.setPointerCapture(event.pointerId)
    this.drag = { element: this.shown, x: event.clientX, y: event.clientY, moved: false, drop: null, turn: 0 }
  }

  private pull(event: PointerEvent): void {
    const { drag } = this
    if (drag === null) return
    event.stopPropagation()
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLACK) return
    Object.assign(drag, { x: event.clientX, y: event.clientY })
    if (!drag.moved) {
      drag.moved = true
      this.menu.close(false)
      this.button.dataset.state = 'dragging'
      this.editor.view.dispatch(this.editor.state.tr.setMeta(key, { chosen: drag.element }).setMeta('addToHistory', false))
      this.turn()
    }
    this.aim()
  }

  /** Scrolls while the mouse rests near an edge. */
  private turn(): void {
    const { drag } = this
    if (drag === null) return
    const scroller = scrollerOf(this.editor.view.dom)
    if (scroller !== null) {
      const box = scroller.getBoundingClientRect()
      const by = drag.y < box.top + NEAR ? -PACE : drag.y > box.bottom - NEAR ? PACE : 0
      if (by !== 0) {
        const before = scroller.scrollTop
        scroller.scrollTop += by
        if (scroller.scrollTop !== before) this.aim()
      }
    }
    drag.turn = requestAnimationFrame(() => this.turn())
  }

  /** Draws the line where the block would go now. */
  private aim(): void {
    const { drag } = this
    const frame = this.editor.view.dom.parentElement
    if (drag === null || frame === null) return
    const unit = this.unitOf(drag.element)
    if (unit === null) {
      this.say(words.moveGone)
      return this.cancel()
    }
    const holder = this.editor.state.doc.resolve(unit.pos).parent
    drag.drop = dropAt(this.editor.view, unit, isItem(unit.node) ? holder : null, drag.x, drag.y)
    this.line.hidden = drag.drop === null
    if (drag.drop === null) return
    const outer = frame.getBoundingClientRect()
    const { left, top, width } = drag.drop.line
    Object.assign(this.line.style, { width: `${width}px`, transform: `translate(${left - outer.left}px, ${top - outer.top - 1}px)` })
  }

  private release(event: PointerEvent): void {
    const { drag } = this
    if (drag === null) return
    event.stopPropagation()
    const { element, moved } = drag
    if (moved) this.aim()
    const drop = this.drag?.drop ?? null
    this.cancel()
    if (!moved) {
      if (this.menu.isOpen) this.menu.close(true)
      else this.openMenu(element)
      return
    }
    if (drop !== null) this.put(element, drop)
  }

  private put(element: Y.XmlElement, drop: Drop): void {
    const body = bodyOf(this.editor)
    if (body === null) return
    const holder = drop.holder.length === 0 ? body : elementOf(body, drop.holder)
    const before = elementOf(body, [...drop.holder, drop.index])
    if (holder === null || before === element) return
    // Behind itself is where it is.
    const unit = this.unitOf(element)
    const same = unit !== null && unit.path.length === drop.holder.length + 1 && drop.holder.every((at, depth) => at === unit.path[depth])
    if (same && drop.index === (unit.path[unit.path.length - 1] ?? 0) + 1) return
    const moved = moveUnits(this.editor, [element], { holder, before })
    if (moved === null) return
    this.say(movedWords(this.editor, moved))
    this.hovered = this.elementOf(moved)
    this.editor.view.focus()
  }

  private cancel(): void {
    if (this.drag === null) return
    cancelAnimationFrame(this.drag.turn)
    this.drag = null
    this.line.hidden = true
    delete this.button.dataset.state
    if (!this.editor.isDestroyed) this.editor.view.dispatch(this.editor.state.tr.setMeta(key, { chosen: null }).setMeta('addToHistory', false))
  }
}

/** Opens the menu of the block with the caret; false where there is none. */
export function openBlockMenu(editor: Editor): boolean {
  return (editor.storage as unknown as { blockHandle?: { handle: BlockHandle | null } }).blockHandle?.handle?.openAtCaret() ?? false
}

export const Blocks = Extension.create<{ context: Context }, { handle: BlockHandle | null }>({
  name: 'blockHandle',
  // Before the table's arrows.
  priority: 200,
  addStorage: () => ({ handle: null }),

  addKeyboardShortcuts() {
    const move = (by: 1 | -1) => () => {
      const said = moveByKey(this.editor, by)
      if (said === null) return false
      this.storage.handle?.say(said)
      return true
    }
    return {
      'Alt-Shift-ArrowUp': move(-1),
      'Alt-Shift-ArrowDown': move(1),
      'Mod-Shift-.': () => this.storage.handle?.openAtCaret() ?? false,
    }
  },

  addProseMirrorPlugins() {
    const { editor } = this
    return [
      new Plugin<Y.XmlElement | null>({
        key,
        state: {
          init: () => null,
          apply: (tr, chosen) => {
            const meta = tr.getMeta(key) as { chosen: Y.XmlElement | null } | undefined
            return meta === undefined ? chosen : meta.chosen
          },
        },
        props: {
          decorations: state => {
            const element = key.getState(state)
            const body = element === null || element === undefined ? null : bodyOf(editor)
            const path = element === null || element === undefined || body === null ? null : pathOf(body, element)
            const unit = path === null ? null : unitOn(state.doc, path)
            if (unit === null) return null
            return DecorationSet.create(state.doc, [Decoration.node(unit.pos, unit.pos + unit.node.nodeSize, { class: 'block-chosen' })])
          },
        },
        view: () => {
          const handle = new BlockHandle(editor, this.options.context)
          this.storage.handle = handle
          const follow = () => handle.update()
          editor.on('focus', follow)
          editor.on('blur', follow)
          return {
            update: follow,
            destroy: () => {
              editor.off('focus', follow)
              editor.off('blur', follow)
              handle.destroy()
              this.storage.handle = null
            },
          }
        },
      }),
    ]
  },
})
