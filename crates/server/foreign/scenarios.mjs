// Scenarios that `tests/all/foreign.rs` runs: node scenarios.mjs NAME URL OWNER EDITOR VIEWER STRANGER (their tokens).
// Some are steered: they say a line on standard output when they got somewhere, and wait for one on standard input.
// `crates/core/tests/all/foreign.rs` runs the one named `app`, with the app on the other side.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import WebSocket from "ws";
import * as Y from "yjs";

const [scenario, url, ann, ben, vic, eve] = process.argv.slice(2);
const LESSON = "lesson:l";

// Whatever has not happened by then does not happen.
setTimeout(() => {
  console.error(`'${scenario}' waits for something that does not come: ${waiting}`);
  process.exit(1);
}, 30_000);
let waiting = "nothing yet";

const socket = () => new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });

function join(token, { name = LESSON, over = socket(), ...options } = {}) {
  const document = new Y.Doc();
  const client = { document, over, events: [] };
  const note = (event) => (detail) => client.events.push([event, detail]);
  client.provider = new HocuspocusProvider({
    websocketProvider: over,
    name,
    token,
    document,
    onAuthenticated: note("authenticated"),
    onAuthenticationFailed: note("authenticationFailed"),
    onSynced: note("synced"),
    onClose: note("close"),
    ...options,
  });
  client.provider.attach();
  return client;
}

// Waits for a condition, which is looked at whenever something may have changed it.
async function until(what, holds) {
  waiting = what;
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const told = [];
let input;
const say = (line) => console.log(line);
function heard(line) {
  input ??= createInterface({ input: process.stdin }).on("line", (line) => told.push(line));
  return until(`the word '${line}'`, () => told.includes(line));
}

const settled = (client) =>
  until("synced, with nothing unsynced", () => client.provider.synced && client.provider.unsyncedChanges === 0);
const body = (client) => client.document.getXmlFragment("body").toString();
const meta = (client) => client.document.getMap("meta").toJSON();
function write(client, text) {
  const paragraph = new Y.XmlElement("paragraph");
  paragraph.insert(0, [new Y.XmlText(text)]);
  client.document.getXmlFragment("body").push([paragraph]);
}

const scenarios = {
  async edits() {
    const a = join(ann);
    await settled(a);
    write(a, "first 🖋");
    const b = join(ben);
    await settled(b);
    await until("what was there", () => body(b).includes("first 🖋"));
    write(b, "second");
    await until("the other's edit", () => body(a).includes("second"));
    a.document.getXmlFragment("body").get(0).get(0).insert(0, "very ");
    await until("an edit within", () => body(b).includes("very first"));
    b.document.getXmlFragment("body").delete(0, 1);
    await until("a deletion", () => !body(a).includes("first"));
    await settled(a);
    await settled(b);
    assert.equal(body(a), body(b));
    assert.deepEqual(Y.encodeStateVector(a.document).length, Y.encodeStateVector(b.document).length);
  },

  async quick() {
    const a = join(ann);
    const b = join(ben);
    await settled(a);
    await settled(b);
    for (let n = 0; n < 200; n++) {
      a.document.getMap("meta").set(`a${n % 20}`, n);
      b.document.getMap("meta").set(`b${n % 20}`, n);
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await settled(a);
    await settled(b);
    await until("the same on both", () => JSON.stringify(sorted(meta(a))) === JSON.stringify(sorted(meta(b))));
    assert.equal(Object.keys(meta(a)).length, 40);
    assert.deepEqual(a.events.filter(([event]) => event === "close"), []);
  },

  async offline() {
    const a = join(ann);
    const b = join(ben);
    await settled(a);
    await settled(b);
    b.over.disconnect();
    await until("offline", () => !b.provider.synced);
    write(a, "from a");
    write(b, "from b, offline");
    await settled(a);
    b.over.connect();
    await settled(b);
    await until("both on both", () => [a, b].every((c) => body(c).includes("from a") && body(c).includes("offline")));
    assert.equal(body(a), body(b));
    // The same run goes on under its client id.
    write(b, "and on");
    await until("the next edit", () => body(a).includes("and on"));
    await settled(b);
  },

  // The line breaks without a goodbye; the provider notices and comes back by itself.
  async dropped() {
    const a = join(ann);
    const b = join(ben);
    await settled(a);
    await settled(b);
    b.provider.setAwarenessField("user", { color: "#00f" });
    const seen = () => a.provider.awareness.getStates().get(b.document.clientID);
    await until("its state", () => seen()?.user);
    for (let n = 0; n < 3; n++) {
      b.over.webSocket.terminate();
      write(b, `made while down, ${n}`);
      await until("the line is down", () => !b.provider.synced);
      await until("its state is gone", () => !seen()?.user);
      await settled(b);
      await until("what was made", () => body(a).includes(`made while down, ${n}`));
      await until("its state is back", () => seen()?.user);
    }
    assert.equal(body(a).match(/made while down/g).length, 3, "each once");
    assert.deepEqual(seen().user, { color: "#00f", name: "ben" });
  },

  async restart() {
    const a = join(ann);
    const b = join(ben);
    await settled(a);
    await settled(b);
    write(a, "before");
    await settled(a);
    say("synced");
    await heard("down");
    await until("offline", () => !a.provider.synced && !b.provider.synced);
    write(a, "a, while the server was away");
    write(b, "b, while the server was away");
    assert.ok(a.provider.unsyncedChanges > 0);
    say("written");
    await heard("up");
    await settled(a);
    await settled(b);
    const all = ["before", "a, while", "b, while"];
    await until("all on both", () => [a, b].every((c) => all.every((text) => body(c).includes(text))));
    assert.equal(body(a), body(b));
  },

  async demoted() {
    const a = join(ann);
    const b = join(ben);
    await settled(a);
    await settled(b);
    assert.equal(b.provider.authorizedScope, "read-write");
    write(b, "as an editor");
    await until("an edit", () => body(a).includes("as an editor"));
    say("an editor");
    await until("read-only", () => b.provider.authorizedScope === "readonly");
    write(b, "as a viewer");
    await until("the refusal", () => b.events.some(([event]) => event === "close"));
    write(a, "after");
    await settled(a);
    assert.ok(!body(a).includes("as a viewer"));
  },

  // The app is in the course: each sees where the other is.
  async app() {
    const [course, theirs, ours] = process.argv.slice(8);
    const b = join(ben, { name: course });
    const them = () => [...b.provider.awareness.getStates().values()].find((s) => s.user?.name === "ada@x.org");
    await until("the app in its lesson", () => them()?.lesson === theirs);
    assert.ok(Number.isInteger(them().user.hue) && them().user.hue < 8);
    b.provider.awareness.setLocalState({ user: { name: "a name of my own", color: "#0f0" }, lesson: ours, cursor: 7 });
    say("here");
    await until("the app in the outline", () => them() && them().lesson === null);
    b.provider.setAwarenessField("lesson", null);
    say("moved");
    await heard("stay");
    await until("the app is gone", () => !them());
    say("alone");
    await until("the app is back", () => them()?.lesson === theirs);
    b.over.webSocket.terminate();
    b.over.disconnect();
    say("gone");
    await heard("end");
  },

  // The app has its caret in a lesson: each sees that of the other, as Tiptap's collaboration caret writes and reads it.
  async caret() {
    const b = join(ben, { name: process.argv[8] });
    const theirs = () => b.provider.awareness.getStates().get(100);
    await until("the caret of the app", () => theirs()?.cursor?.head.item?.clock === 3);
    assert.equal(theirs().user.name, "ada@x.org");
    assert.match(theirs().user.color, /^#[0-9a-fA-F]{6}$/);
    assert.deepEqual(Y.createRelativePositionFromJSON(theirs().cursor.anchor).item, Y.createID(9, 3));
    const paragraph = new Y.XmlElement("paragraph");
    b.document.getXmlFragment("body").insert(0, [paragraph]);
    const at = new Y.RelativePosition(null, null, Y.createID(b.document.clientID, 0), -1);
    b.provider.awareness.setLocalState({ user: { name: "x", color: "#00ff00" }, cursor: { anchor: at, head: at } });
    await until("its next move", () => theirs()?.cursor?.head.item?.clock === 4);
    b.over.webSocket.terminate();
    b.over.disconnect();
  },

  async awareness() {
    const a = join(ann);
    const b = join(ben);
    a.provider.setAwarenessField("user", { name: "Somebody else", color: "#f00" });
    const seen = () => b.provider.awareness.getStates().get(a.document.clientID);
    await until("the other's state", () => seen()?.user);
    assert.deepEqual(seen().user, { color: "#f00", name: "ann" });
    const late = join(vic);
    await until("a newcomer sees both", () => late.provider.awareness.getStates().size === 3);
    a.over.webSocket.terminate();
    a.over.disconnect();
    await until("its removal", () => !seen());
    await until("its removal elsewhere", () => late.provider.awareness.getStates().size === 2);
  },

  async viewer() {
    const a = join(ann);
    await settled(a);
    write(a, "to read");
    const v = join(vic);
    await settled(v);
    assert.equal(v.provider.authorizedScope, "readonly");
    await until("the content", () => body(v).includes("to read"));
    write(a, "more");
    await until("an edit", () => body(v).includes("more"));
    write(v, "mine");
    await until("the refusal", () => v.events.some(([event]) => event === "close"));
    assert.match(v.events.find(([event]) => event === "close")[1].event.reason, /your role is viewer/);
    write(a, "after");
    await settled(a);
    assert.ok(!body(a).includes("mine"));
  },

  async denied() {
    const a = join("not a token");
    await until("the refusal", () => a.events.some(([event]) => event === "authenticationFailed"));
    assert.match(a.events[0][1].reason, /does not know this sign-in/);
    const b = join(ann, { name: "lesson:unknown" });
    await until("the refusal", () => b.events.some(([event]) => event === "authenticationFailed"));
    assert.match(b.events[0][1].reason, /does not know this document/);
    const c = join(eve);
    await until("the refusal", () => c.events.some(([event]) => event === "authenticationFailed"));
    assert.match(c.events[0][1].reason, /not a member/);
    for (const client of [a, b, c]) {
      assert.ok(!client.provider.synced && !client.provider.isAuthenticated);
      write(client, "unheard");
    }
    const owner = join(ann);
    await settled(owner);
    assert.equal(body(owner), "", "nothing of what the refused wrote has come in");
  },

  async multiplexed() {
    const over = socket();
    const lesson = join(ann, { over });
    const outline = join(ann, { over, name: "course:c" });
    const again = join(ann, { over, sessionAwareness: true });
    for (const client of [lesson, outline, again]) await settled(client);
    write(lesson, "once");
    await until("the other key", () => body(again).includes("once"));
    outline.document.getMap("nodes").set("n", new Y.Map([["title", "T"]]));
    for (const client of [lesson, outline, again]) await settled(client);
    assert.equal(body(outline), "");
    lesson.provider.destroy();
    write(again, "twice");
    await settled(again);
  },
};

function sorted(map) {
  return Object.fromEntries(Object.entries(map).sort());
}

await scenarios[scenario]();
process.exit(0);
