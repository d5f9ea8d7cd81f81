/**
 * The island has a copy of yjs of its own, and yjs warns of a second one, since its objects do not mix. Here only bytes
 * cross from one to the other, as between two programs.
 */
Reflect.deleteProperty(globalThis, '__ $YJS$ __')
