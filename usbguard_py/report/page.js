"use strict";
// Runs inside the report. Nothing of the data becomes markup: text goes into the page by textContent only.

// SHA-256 as FIPS 180-4 defines it. A page opened from a file may lack crypto.subtle, which also is far too slow for
// tens of thousands of short messages; where it exists it computes the same once more, and both must agree.
// FIPS 180-4, 4.2.2: of the cube roots of the first 64 primes, the first 32 bits behind the point.
const K = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const W = new Uint32Array(64);

function sha256(bytes) {
  const length = bytes.length, blocks = Math.ceil((length + 9) / 64);
  const padded = new Uint8Array(blocks * 64);
  padded.set(bytes);
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(blocks * 64 - 8, Math.floor(length / 0x20000000));
  view.setUint32(blocks * 64 - 4, (length << 3) >>> 0);
  const h = new Uint32Array([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
  for (let block = 0; block < blocks; block += 1) {
    for (let t = 0; t < 16; t += 1) W[t] = view.getUint32(block * 64 + t * 4);
    for (let t = 16; t < 64; t += 1) {
      const x = W[t - 15], y = W[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let t = 0; t < 64; t += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (k + s1 + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
  }
  const out = new Uint8Array(32), outView = new DataView(out.buffer);
  h.forEach((word, i) => outView.setUint32(i * 4, word));
  return out;
}

const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const utf8 = (text) => new TextEncoder().encode(text);
const VECTORS = [ // FIPS 180-4 examples (NIST), and a message of a million letters "a"
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
  ["a".repeat(1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

const byId = (id) => document.getElementById(id);
const D = JSON.parse(byId("data").textContent);
const say = (name, facts = {}) => D.words[name].replace(/\{(\w+)\}/g, (_, key) => String(facts[key]));
const digits = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, D.language === "en" ? "," : ".");

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐðÐ]/g, "d").toLowerCase();

// The chain: docs/ledger-format.md, "An entry".
function chain() {
  if (VECTORS.some(([text, digest]) => hex(sha256(utf8(text))) !== digest)) return { problem: say("no_sha") };
  const domain = utf8("usbguard-py/ledger/1\0");
  let before = unhex(D.before), bodies = [];
  for (let i = 0; i < D.records.length; i += 1) {
    const [text, digest] = D.records[i], raw = utf8(text), number = D.first + i;
    const message = new Uint8Array(domain.length + 32 + raw.length);
    message.set(domain); message.set(before, domain.length); message.set(raw, domain.length + 32);
    before = sha256(message);
    let body = null;
    try { body = JSON.parse(text); } catch (_) { /* told below */ }
    if (hex(before) !== digest || body === null || body.seq !== number) return { problem: say("broken", { seq: digits(number) }) };
    bodies.push(body);
  }
  if (hex(before) !== D.head || D.first + bodies.length - 1 !== D.last) return { problem: say("cut", { seq: digits(D.last) }) };
  return { bodies };
}

// The same count as usbguard_py/core/tally.py makes: arrivals that were refused.
const REFUSED = new Set(["blocked", "would-block", "failed"]);

function recount(bodies) {
  const found = new Map(), kinds = new Map();
  const add = (name, times) => found.set(name, (found.get(name) || 0) + times);
  for (const b of bodies) {
    if (!["decision", "outcome", "repeated", "cut"].includes(b.kind) || (b.kind === "repeated" && !b.usb_id)) continue;
    const time = Math.floor(Date.parse(b.at) / 1000);
    if ((D.since !== null && time < D.since) || (D.until !== null && time >= D.until)) continue;
    const device = `${b.usb_id}/${b.serial_hex || ""}`;
    if (b.interfaces && b.interfaces.length) kinds.set(device, D.classes[b.interfaces.join(" ")] || "");
    if (b.kind === "cut" || !REFUSED.has(b.outcome)) continue;
    const times = b.kind === "repeated" ? b.count : 1, day = b.at.slice(0, 10);
    add("all", times);
    add(`code:${b.code}`, times);
    add(`class:${kinds.get(device) || ""}`, times);
    add(`port:${b.name}`, times);
    add(`day:${day}`, times);
    add(`month:${day.slice(0, 7)}`, times);
  }
  return found;
}

function figures(bodies) {
  const found = recount(bodies), shown = new Map();
  for (const one of document.querySelectorAll("[data-figure]")) {
    const name = one.getAttribute("data-figure"), count = Number(one.getAttribute("data-count"));
    const text = one.textContent.replace(/\D/g, "");
    if (count !== (found.get(name) || 0) || (text && Number(text) !== count)) return say("figure", { name });
    shown.set(name, count);
  }
  for (const part of ["code", "class", "port"]) {
    const sum = [...shown].reduce((all, [name, count]) => all + (name.startsWith(`${part}:`) ? count : 0), 0);
    if (D.complete[part] && sum !== (found.get("all") || 0)) return say("figure", { name: part });
  }
  return "";
}

function verdict(good, lines) {
  const box = byId("verdict");
  box.replaceChildren(...lines.map((line) => element("p", line)));
  box.className = `box ${good ? "good" : "bad"}`;
  box.setAttribute("data-verdict", good ? "good" : "bad");
}

async function again(lines) {
  // The browser's own SHA-256 over all records at once: it must agree with ours.
  const subtle = globalThis.crypto && globalThis.crypto.subtle;
  if (!subtle) return verdict(true, [...lines, say("no_subtle")]);
  const all = utf8(D.records.map((record) => record[0]).join("\n"));
  try {
    const theirs = new Uint8Array(await subtle.digest("SHA-256", all));
    if (hex(theirs) !== hex(sha256(all))) return verdict(false, [say("no_sha")]);
    return verdict(true, [...lines, say("subtle")]);
  } catch (_) {
    return verdict(true, [...lines, say("no_subtle")]);
  }
}

const PAGE = 100;
const SHOWN = ["name", "usb_id", "serial", "manufacturer", "product", "asset", "peripheral", "holder", "unit", "code", "policy",
  "reason", "document", "detail", "why", "request", "outcome"];
let bodies = [], texts = [], hits = [], shownRows = 0;

const kindOf = (b) => D.kinds[b.kind] || b.kind;
const who = (b) => (b.by && typeof b.by === "object" ? b.by.login || b.by.user || "" : typeof b.by === "string" ? b.by : "");
const time = (b) => (D.language === "en" ? b.at.slice(0, 10) : b.at.slice(0, 10).split("-").reverse().join("/")) + " " + b.at.slice(11, 19);
const result = (b) => [b.outcome ? D.outcomes[b.outcome] || b.outcome : "", b.code ? `[${b.code}]` : ""].filter(Boolean).join(" ");
const rest = (b) => ["holder", "reason", "document", "detail", "why", "request", "policy"].map((n) => (typeof b[n] === "string" ? b[n] : "")).concat(who(b)).filter(Boolean).join("; ");

function textOf(i) {
  if (texts[i] === undefined) {
    const b = bodies[i];
    texts[i] = fold([b.seq, time(b), b.at, kindOf(b), b.kind, result(b), who(b), ...SHOWN.map((n) => (typeof b[n] === "string" ? b[n] : ""))].join(" "));
  }
  return texts[i];
}

function row(b) {
  const made = element("tr", undefined, b.alarm === true ? "record bad" : "record");
  made.tabIndex = 0;
  const device = [b.name, b.serial].filter((t) => typeof t === "string" && t).join(" ");
  made.append(element("td", digits(b.seq), "number"), element("td", time(b), "time"), element("td", kindOf(b)),
    element("td", device), element("td", result(b)), element("td", rest(b)));
  const open = () => {
    const next = made.nextElementSibling;
    if (next && next.className === "whole") { next.remove(); return; }
    const whole = element("tr", undefined, "whole"), cell = element("td");
    cell.colSpan = 6;
    cell.append(element("pre", JSON.stringify(b, null, 1)), element("pre", `SHA-256 ${D.records[b.seq - D.first][1]}`, "dim"));
    whole.append(cell);
    made.after(whole);
  };
  made.addEventListener("click", open);
  made.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
  return made;
}

function more() {
  const next = hits.slice(shownRows, shownRows + PAGE);
  byId("rows").append(...next.map((i) => row(bodies[i])));
  shownRows += next.length;
  byId("count").textContent = say("shown", { shown: digits(shownRows), count: digits(hits.length) });
  byId("more").hidden = shownRows >= hits.length;
}

function search() {
  const words = fold(byId("search").value).split(/\s+/).filter(Boolean);
  const kind = byId("kind").value, outcome = byId("outcome").value;
  hits = [];
  for (let i = bodies.length - 1; i >= 0; i -= 1) {
    const b = bodies[i];
    if ((kind && b.kind !== kind) || (outcome && b.outcome !== outcome)) continue;
    if (words.every((word) => textOf(i).includes(word))) hits.push(i);
  }
  byId("rows").replaceChildren();
  shownRows = 0;
  more();
}

function choices(id, names, words) {
  for (const name of names) {
    const made = element("option", words[name] || name);
    made.value = name;
    byId(id).append(made);
  }
}

function start() {
  const found = chain();
  if (found.problem) return verdict(false, [found.problem, say("broken_do")]);
  bodies = found.bodies;
  choices("kind", [...new Set(bodies.map((b) => b.kind))].sort(), D.kinds);
  choices("outcome", [...new Set(bodies.map((b) => b.outcome).filter(Boolean))].sort(), D.outcomes);
  for (const id of ["kind", "outcome"]) byId(id).addEventListener("change", search);
  byId("search").addEventListener("input", search);
  byId("more").addEventListener("click", more);
  try { byId("search").value = decodeURIComponent(location.hash.slice(1)); } catch (_) { /* no search, then */ }
  search();
  const wrong = D.whole ? figures(bodies) : "";
  if (wrong) return verdict(false, [wrong, say("broken_do")]);
  const lines = [say("good", { count: digits(bodies.length), first: digits(D.first), last: digits(D.last) })];
  lines.push(say(D.whole ? "counted" : "part", { count: digits(bodies.length), all: digits(D.all) }), say("head", { seq: digits(D.last), head: D.head }), say("limits"));
  return again(lines);
}

try {
  start();
} catch (error) {
  verdict(false, [say("failed", { detail: String(error) }), say("broken_do")]);
}
