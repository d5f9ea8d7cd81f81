/** Files of the open course that are on their way: what the core said last. The blocks that show them ask here. */

export interface Transfer {
  hash: string
  /** To the server, else from it. */
  up: boolean
  state: 'offline' | 'waits' | 'moves'
  /** Bytes that are there, and bytes of the whole. */
  done: number
  bytes: number
}

export class Transfers {
  private list = new Map<string, Transfer>()
  private readonly calls = new Set<() => void>()

  set(list: Transfer[]): void {
    this.list = new Map(list.map(transfer => [transfer.hash, transfer]))
    for (const call of [...this.calls]) call()
  }

  of(hash: string | null): Transfer | null {
    return hash === null ? null : this.list.get(hash) ?? null
  }

  /** Called when anything moved; returns how to stop. */
  watch(call: () => void): () => void {
    this.calls.add(call)
    return () => this.calls.delete(call)
  }
}
