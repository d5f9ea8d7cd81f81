/** WebKit has no scroll anchoring: what others write above must not push away what is being read. */

/** The nearest ancestor that scrolls. */
export function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let at = element.parentElement; at !== null; at = at.parentElement) {
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  }
  return null
}

/** Remembers where the first visible block stands; the answer puts it back there after the change. */
export function holdPlace(prose: HTMLElement): () => void {
  const scroller = scrollerOf(prose)
  if (scroller === null || scroller.scrollTop === 0) return () => undefined
  const edge = scroller.getBoundingClientRect().top
  const blocks = prose.children
  // The blocks stand below each other: the first one that ends below the edge, by halving.
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((blocks[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle
    else low = middle + 1
  }
  // The one that begins in sight holds better than one of which a part is above: it may itself be what grows.
  const held = [blocks[low + 1], blocks[low]].filter(block => block !== undefined)
  const tops = held.map(block => block.getBoundingClientRect().top)
  return () => {
    const at = held.findIndex(block => block.isConnected)
    const block = held[at]
    const top = tops[at]
    if (block === undefined || top === undefined) return
    scroller.scrollTop += block.getBoundingClientRect().top - top
  }
}
