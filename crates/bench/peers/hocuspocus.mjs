// The peer of `bench sync`: @hocuspocus/server and @hocuspocus/provider, on the same work as ours.
//   node hocuspocus.mjs server                           prints its port
//   node hocuspocus.mjs client URL DOCUMENTS EDITS WORK  WORK: append | type
// The client prints "ready" once it is offline with its edits made, goes online at a line on its input, and prints how
// many milliseconds it took until the provider counted everything as synced. Hocuspocus acks what is in memory.
import { createInterface } from "node:readline";
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import { Server } from "@hocuspocus/server";
import WebSocket from "ws";
import * as Y from "yjs";

const [role, url, documents, edits, work] = process.argv.slice(2);

if (role === "server") {
  // A store in memory: without one, a document is forgotten when its last client leaves.
  const stored = new Map();
  const server = new Server({
    port: 0,
    address: "127.0.0.1",
    quiet: true,
    // Its default of 100 ends the connection of somebody who opens a course of 200 lessons.
    maxPendingDocuments: 10_000,
    async onLoadDocument({ documentName, document }) {
      if (stored.has(documentName)) Y.applyUpdate(document, stored.get(documentName));
      return document;
    },
    async onStoreDocument({ documentName, document }) {
      stored.set(documentName, Y.encodeStateAsUpdate(document));
    },
  });
  await server.listen();
  console.log(`listening ${server.httpServer.address().port}`);
} else {
  const socket = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
  const providers = [];
  for (let n = 0; n < Number(documents); n++) {
    const document = new Y.Doc();
    const provider = new HocuspocusProvider({ websocketProvider: socket, name: `lesson:${n}`, token: "t", document });
    provider.attach();
    providers.push(provider);
  }
  const settled = async (since) => {
    const done = (p) => p.synced && p.unsyncedChanges === 0 && (since.get(p) ?? 0) > 0;
    while (!providers.every(done)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const count = () => {
    const since = new Map();
    for (const p of providers) p.on("synced", ({ state }) => state && since.set(p, (since.get(p) ?? 0) + 1));
    return since;
  };
  await settled(count());
  for (const { document } of providers) {
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.insert(0, [new Y.XmlText("A lesson of a few words.")]);
    document.getXmlFragment("body").push([paragraph]);
  }
  await settled(new Map(providers.map((p) => [p, 1])));
  socket.disconnect();
  while (providers.some((p) => p.synced)) await new Promise((resolve) => setTimeout(resolve, 5));

  for (const { document } of providers) {
    const text = document.getXmlFragment("body").get(0).get(0);
    if (work === "append") for (let n = 0; n < Number(edits); n++) text.insert(text.length, "word ");
    else type(text, Number(edits));
  }
  const since = count();
  console.log("ready");
  await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
  const start = performance.now();
  socket.connect();
  await settled(since);
  console.log(JSON.stringify({ ms: performance.now() - start }));
  process.stdin.once("end", () => process.exit(0));
  process.stdin.resume();
}

// The same keystrokes as ours (`typing.rs`): runs of about 50, one in twenty takes a character back.
function type(text, keys) {
  let state = 7n;
  const below = (end) => {
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    return Number(state % BigInt(Math.max(end, 1)));
  };
  let caret = text.length;
  for (let n = 0; n < keys; n++) {
    if (below(50) === 0) caret = below(text.length + 1);
    if (caret > 0 && below(20) === 0) text.delete(--caret, 1);
    else text.insert(caret++, "enirt a"[below(7)]);
  }
}
