// The peer of `inkhorn-bench cache`: the same workload on @tanstack/query-core. Prints medians as JSON.
//   node --expose-gc peers/cache.mjs ENTRIES OBSERVERS
import { QueryClient, QueryObserver } from "@tanstack/query-core";

const [entries, observers] = process.argv.slice(2).map(Number);
const ROUNDS = 5;
// Each round that fills the cache anew takes the peer half a minute at a million entries.
const FILLS = entries > 100_000 ? 1 : ROUNDS;

// The lessons of a course share its id, as they do on the other side.
const courses = Array.from({ length: Math.ceil(entries / 100) }, (_, c) => `c${c}`);
const key = (i) => ["course", courses[Math.floor(i / 100)], `lesson-${i}`];
const data = (i, round) => ({ id: i, title: `Lesson ${i} of course ${Math.floor(i / 100)}`, words: (i + round) % 977 });
const keys = Array.from({ length: entries }, (_, i) => key(i));
const spread = (i) => Math.floor((i * entries) / observers);

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const seconds = (work) => {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
};
// Observers are told in a timeout of the notify manager's: what is measured ends when the last one was told.
const until = async (done) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 0));
};

// No timers for forgetting and nothing stale by age: the cheapest way that the peer has.
const queries = { gcTime: Infinity, staleTime: Infinity, retry: false };

globalThis.gc();
const before = process.memoryUsage().heapUsed;
const client = new QueryClient({ defaultOptions: { queries } });
for (let i = 0; i < entries; i++) client.setQueryData(keys[i], data(i, 0));
globalThis.gc();
// The keys are counted on both sides: they were made before, but the cache keeps them.
const keyBytes = (() => {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  globalThis.copies = Array.from({ length: entries }, (_, i) => key(i));
  globalThis.gc();
  const bytes = process.memoryUsage().heapUsed - before - entries * 8;
  globalThis.copies = undefined;
  return bytes;
})();
globalThis.gc();
const bytes = (process.memoryUsage().heapUsed - before + keyBytes) / entries;

let told = 0;
let sum = 0;
const queryFn = async ({ queryKey }) => data(Number(queryKey[2].slice(7)), 1);
for (let i = 0; i < observers; i++) {
  // Only what ours tells of, too: a change of staleness alone is none.
  const notifyOnChangeProps = ["data", "status", "error"];
  const observer = new QueryObserver(client, { queryKey: keys[spread(i)], queryFn, notifyOnChangeProps });
  observer.subscribe((result) => {
    told += 1;
    sum += result.data.words;
  });
}

const read = [];
for (let round = 0; round < ROUNDS; round++) {
  const reads = Math.min(entries * 5, 200_000);
  read.push(reads / seconds(() => {
    for (let i = 0; i < reads; i++) sum += client.getQueryData(keys[(i * 7919 + round) % entries]).words;
  }));
}

const set = [];
for (let round = 1; round <= ROUNDS; round++) {
  told = 0;
  const start = performance.now();
  for (let i = 0; i < observers; i++) client.setQueryData(keys[spread(i)], data(spread(i), round));
  await until(() => told >= observers);
  set.push(observers / ((performance.now() - start) / 1000));
}

const invalidate = [];
const asked = [];
for (let round = 0; round < FILLS; round++) {
  for (let i = 0; i < entries; i++) client.setQueryData(keys[i], data(i, 100 + round));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const start = performance.now();
  await client.invalidateQueries({ queryKey: ["course"], refetchType: "none" });
  invalidate.push((performance.now() - start) / 1000);
  let stale = 0;
  asked.push(seconds(() => {
    for (let i = 0; i < entries; i++) stale += client.getQueryState(keys[i]).isInvalidated ? 1 : 0;
  }));
  if (stale !== entries) throw new Error(`${stale} stale of ${entries}`);
}

const fetched = [];
for (let round = 0; round < Math.min(FILLS, 3); round++) {
  for (let i = 0; i < entries; i++) client.setQueryData(keys[i], data(i, 200 + round));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const start = performance.now();
  await client.invalidateQueries({ queryKey: ["course"] });
  fetched.push((performance.now() - start) / 1000);
}

// All observers on one key of a fresh cache of the same size.
client.clear();
const crowd = new QueryClient({ defaultOptions: { queries } });
for (let i = 0; i < entries; i++) crowd.setQueryData(keys[i], data(i, 0));
for (let i = 0; i < observers; i++) {
  new QueryObserver(crowd, { queryKey: keys[0], queryFn }).subscribe((result) => {
    told += 1;
    sum += result.data.words;
  });
}
const notify = [];
for (let round = 1; round <= ROUNDS; round++) {
  told = 0;
  const start = performance.now();
  crowd.setQueryData(keys[0], data(0, round));
  await until(() => told >= observers);
  notify.push(told / ((performance.now() - start) / 1000));
}

console.log(JSON.stringify({
  entries,
  bytes,
  read: median(read),
  set: median(set),
  invalidate: median(invalidate),
  asked: median(asked),
  fetched: median(fetched),
  notify: median(notify),
  sum,
}));
process.exit(0);
