// A yjs and y-prosemirror that the Rust tests drive: one JSON request a line on stdin, one JSON answer a line on stdout.
import { createInterface } from "node:readline";
import * as Y from "yjs";
import { getSchema, Mark, Node } from "@tiptap/core";
import { Image } from "@tiptap/extension-image";
import { TaskItem, TaskList } from "@tiptap/extension-list";
import { Node as PmNode } from "@tiptap/pm/model";
import StarterKit from "@tiptap/starter-kit";
import { prosemirrorJSONToYXmlFragment, yXmlFragmentToProseMirrorRootNode } from "@tiptap/y-tiptap";

const attributes = (defaults) => () =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { default: value }]));
const cell = { content: "block+", addAttributes: attributes({ colspan: 1, rowspan: 1, colwidth: null }) };
const schema = getSchema([
  StarterKit.configure({ undoRedo: false, trailingNode: false }),
  Image,
  TaskList,
  TaskItem.configure({ nested: true }),
  Node.create({ name: "table", group: "block", content: "tableRow+" }),
  Node.create({ name: "tableRow", content: "(tableCell | tableHeader)*" }),
  Node.create({ name: "tableCell", ...cell }),
  Node.create({ name: "tableHeader", ...cell }),
  Node.create({ name: "callout", group: "block", content: "block+", addAttributes: attributes({ kind: "note", title: null }) }),
  Node.create({ name: "htmlBlock", group: "block", atom: true, addAttributes: attributes({ html: "" }) }),
  Node.create({ name: "details", group: "block", content: "detailsSummary detailsContent" }),
  Node.create({ name: "detailsSummary", content: "text*" }),
  Node.create({ name: "detailsContent", content: "block+" }),
  Node.create({ name: "columns", group: "block", content: "column+" }),
  Node.create({ name: "column", content: "block+" }),
  Node.create({ name: "instructorNote", group: "block", content: "block+" }),
  Node.create({ name: "inlineMath", group: "inline", inline: true, atom: true, addAttributes: attributes({ latex: null }) }),
  Node.create({ name: "blockMath", group: "block", atom: true, addAttributes: attributes({ latex: null }) }),
  Node.create({ name: "footnote", group: "inline", inline: true, atom: true, addAttributes: attributes({ text: null }) }),
  Mark.create({ name: "subscript" }),
  Mark.create({ name: "superscript" }),
  // A mark of which a text may have several, as a newer version may bring one.
  Mark.create({ name: "comment", excludes: "", addAttributes: attributes({ id: null }) }),
]);

const encode = (bytes) => Buffer.from(bytes).toString("base64");
const decode = (text) => new Uint8Array(Buffer.from(text, "base64"));

// ---- a document as plain data, nearer to Yjs than ProseMirror's JSON -------------------------
const markName = (name) => /^(.*)--[a-zA-Z0-9+/=]{8}$/s.exec(name)?.[1] ?? name;
const plain = (type) => {
  if (type instanceof Y.XmlText) {
    return type.toDelta().map(({ insert, attributes = {} }) => ({
      type: "text",
      text: insert,
      marks: Object.entries(attributes).map(([name, attrs]) => ({ type: markName(name), attrs: typeof attrs === "object" ? attrs : {} })),
    }));
  }
  const content = type.toArray().flatMap(plain);
  return [type.nodeName === "UNDEFINED" || !type.getAttributes ? { type: "doc", content } : { type: type.nodeName, attrs: type.getAttributes(), content }];
};

// ---- random edits --------------------------------------------------------------------------
const generator = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const WORDS = ["ink", "Tinte ", "é", "漢字", "🖋️", "👩‍🏫", " ", "مرحبا", "a\nb", "𝛼"];
const MARKS = [["bold", {}], ["italic", {}], ["code", true], ["link", { href: "lesson:x", n: 2, open: false }], ["comment--abcdefgh", { id: 1 }]];
const ATTRIBUTES = [["level", 2], ["checked", true], ["ratio", 0.25], ["colwidth", [120, 80]], ["title", "T 🖋"], ["order", -7], ["big", 4294967296]];

const randomEdit = (random, fragment) => {
  const below = (n) => Math.floor(random() * n);
  const pick = (list) => list[below(list.length)];
  const all = (type) => (type instanceof Y.XmlText ? [type] : [type, ...type.toArray().flatMap(all)]);
  const texts = all(fragment).filter((type) => type instanceof Y.XmlText);
  const elements = all(fragment).filter((type) => type instanceof Y.XmlElement);
  // Never inside a surrogate pair: yjs replicas themselves diverge then.
  const boundary = (text) => {
    const string = text.toDelta().map((part) => part.insert).join("");
    let at = below(string.length + 1);
    if (at > 0 && at < string.length && /[\udc00-\udfff]/.test(string[at])) at -= 1;
    return [at, string];
  };
  const range = (text) => {
    const [[a, string], [b]] = [boundary(text), boundary(text)];
    return [Math.min(a, b), Math.max(a, b), string];
  };
  const choice = random();
  if (elements.length === 0 || choice < 0.12) {
    const parent = random() < 0.5 || elements.length === 0 ? fragment : pick(elements);
    const element = new Y.XmlElement(pick(["paragraph", "heading", "blockquote", "bulletList", "somethingNewer"]));
    parent.insert(below(parent.length + 1), [element]);
    element.insert(0, [new Y.XmlText(pick(WORDS))]);
  } else if (choice < 0.16) {
    const element = pick(elements);
    element.parent.delete(element.parent.toArray().indexOf(element), 1);
  } else if (choice < 0.24) {
    const [name, value] = pick(ATTRIBUTES);
    random() < 0.8 ? pick(elements).setAttribute(name, value) : pick(elements).removeAttribute(name);
  } else if (texts.length === 0) {
    pick(elements).insert(0, [new Y.XmlText("?")]);
  } else if (choice < 0.62) {
    const text = pick(texts);
    const [at] = boundary(text);
    random() < 0.7 ? text.insert(at, pick(WORDS)) : text.insert(at, pick(WORDS), Object.fromEntries([pick(MARKS)]));
  } else {
    const text = pick(texts);
    const [from, to] = range(text);
    if (to > from) {
      const [name, attrs] = pick(MARKS);
      if (choice < 0.78) text.delete(from, to - from);
      else text.format(from, to - from, { [name]: random() < 0.6 ? attrs : null });
    }
  }
};

// ---- requests ------------------------------------------------------------------------------
let docs = [];
const handlers = {
  // Fresh documents, one for each client id.
  new: ({ clients }) => {
    docs = clients.map((client) => Object.assign(new Y.Doc(), { clientID: client }));
    return {};
  },
  // 1 to 3 random edits in one transaction.
  edit: ({ doc, seed }) => {
    const [random, updates, target] = [generator(seed), [], docs[doc]];
    const listen = (update) => updates.push(encode(update));
    target.on("update", listen);
    target.transact(() => {
      for (let n = 1 + Math.floor(random() * 3); n > 0; n -= 1) randomEdit(random, target.getXmlFragment("body"));
    });
    target.off("update", listen);
    return { updates };
  },
  // What applying makes yjs write on its own (clean-up of formatting) goes back to be delivered like any edit.
  apply: ({ doc, update }) => {
    const updates = [];
    const listen = (written, origin) => origin !== "remote" && updates.push(encode(written));
    docs[doc].on("update", listen);
    Y.applyUpdate(docs[doc], decode(update), "remote");
    docs[doc].off("update", listen);
    return { updates, pending: docs[doc].store.pendingStructs !== null || docs[doc].store.pendingDs !== null };
  },
  dump: ({ doc }) => ({ body: plain(docs[doc].getXmlFragment("body"))[0] }),
  // What is deleted: [client, from, to], in order.
  deleted: ({ doc }) => {
    const clients = [...Y.snapshot(docs[doc]).ds.clients].sort(([a], [b]) => a - b);
    return { ranges: clients.flatMap(([client, items]) => items.map(({ clock, len }) => [client, clock, clock + len])) };
  },
  // Reads a lesson as the editor does. `writes` counts what that did to the document: it must be nothing.
  read: ({ update }) => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, decode(update));
    let writes = 0;
    doc.on("update", () => (writes += 1));
    const node = yXmlFragmentToProseMirrorRootNode(doc.getXmlFragment("body"), schema);
    let invalid = null;
    try {
      node.check();
    } catch (error) {
      invalid = String(error);
    }
    return { body: node.toJSON(), plain: plain(doc.getXmlFragment("body"))[0], meta: doc.getMap("meta").toJSON(), assets: doc.getMap("assets").toJSON(), writes, invalid };
  },
  // Writes a body as the editor does.
  write: ({ body }) => {
    const doc = new Y.Doc();
    prosemirrorJSONToYXmlFragment(schema, body, doc.getXmlFragment("body"));
    return { update: encode(Y.encodeStateAsUpdate(doc)), body: PmNode.fromJSON(schema, body).toJSON() };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { op, ...request } = JSON.parse(line);
    answer = handlers[op](request);
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
