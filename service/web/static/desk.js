"use strict";
// The desk works without this file: it adds keys, claims, live counts, and pages that change in place.

const POLL_MS = 5000;
const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const click = (...ids) => ids.map(byId).find(Boolean)?.click();

let busy = false; // one thing at a time: no key decides what has not been seen
let lease = null; // what we have claimed: {token, release, timer}
let claiming = Promise.resolve();

// What the script says stands in the page, in its language; {names} are filled in.
const words = JSON.parse(byId("words")?.content ?? "{}");
const worded = (name, facts = {}) => words[name].replace(/\{(\w+)\}/g, (_, fact) => facts[fact]);
// Times are written the way of the page's language, as it is written where this browser is at home.
const locale = navigator.languages.find((known) => known.split("-")[0] === root.lang) ?? root.lang;

function say(text) {
  byId("announce").textContent = text;
}

function complain(text, ...more) {
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.append(text, ...more);
  document.querySelector(".strip").replaceChildren(notice);
  say(text);
}

async function fetched(url, options = {}) {
  const headers = { Accept: "text/html", "X-Modqueue-Pane": "1" };
  const response = await fetch(url, { headers, ...options });
  return [new DOMParser().parseFromString(await response.text(), "text/html"), response];
}

async function load(url, options = {}, push = true) {
  if (busy) return;
  busy = true;
  try {
    swap(...(await fetched(url, options)), options.method === "POST", push);
  } catch {
    complain(worded("unreachable"));
  } finally {
    busy = false;
  }
}

function swap(page, response, decided, push) {
  const fresh = page.getElementById("desk");
  const alone = response.headers.get("Content-Location");
  if (alone) return turn(page, alone);
  if (unwritten(response)) return askToSignIn(response.url);
  if (!fresh && response.ok) return location.assign(response.url);
  if (!fresh) return complain(page.getElementById("problem")?.textContent ?? worded("error", { status: response.status }));
  const scrolled = document.querySelector(".list").scrollTop;
  const focused = document.activeElement?.id;
  const chosen = [...document.querySelectorAll(".pick :checked")].map((box) => box.value);
  leave();
  byId("desk").replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  if (push && new URL(response.url).pathname === "/") history.pushState(null, "", response.url);
  document.querySelector(".list").scrollTop = scrolled;
  for (const box of document.querySelectorAll(".pick input")) box.checked = chosen.includes(box.value);
  const target = (!decided && focused && byId(focused)) || byId("item");
  target?.focus({ preventScroll: true });
  if (fresh.classList.contains("opened")) window.scrollTo(0, 0);
  arrive(true);
  if (decided) pollSoon();
}

// Who is not signed in any more keeps the page, with the note; one signs in beside it.

let signedOut = false;

function unwritten(response) {
  return new URL(response.url).searchParams.has("unwritten");
}

function askToSignIn(address) {
  signedOut = true;
  const link = document.createElement("a");
  Object.assign(link, { href: address, target: "_blank", textContent: worded("sign_in") });
  complain(worded("unwritten"), " ", link);
}

async function renewForms() {
  const [page] = await fetched(location.href).catch(() => []);
  const token = page?.querySelector("#desk [name=csrf_token]")?.value;
  if (!token) return;
  signedOut = false;
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
  document.querySelector(".strip .notice")?.remove();
}

async function looked() {
  if (document.hidden) return;
  if (signedOut) await renewForms();
  claiming = claim();
  poll();
}

// The next comment came alone: the list stays as it is, and the one before turns grey in it.
function turn(page, address) {
  forget(); // what was done with the comment before has given it back
  const row = document.querySelector("#rows [aria-current]");
  row?.removeAttribute("aria-current");
  row?.parentElement.classList.add("past");
  for (const part of [".strip", ".item"]) document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
  byId(`row-${byId("item").dataset.id}`)?.setAttribute("aria-current", "true");
  byId("desk").classList.add("opened");
  history.pushState(null, "", address);
  byId("item").focus({ preventScroll: true });
  window.scrollTo(0, 0);
  arrive(true);
  pollSoon();
}

function arrive(turned = false) {
  document.querySelector(".list [aria-current]")?.scrollIntoView({ block: "nearest" });
  localTimes(document);
  showChosen();
  const said = document.querySelector("[data-say]");
  const comment = byId("item-title")?.textContent ?? worded("empty");
  if (said || turned) say(`${said?.textContent ?? ""} ${comment}`.trim());
  claiming = claim();
}

function localTimes(within) {
  for (const time of within.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const clock = at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    time.textContent = today ? clock : `${at.toLocaleDateString(locale)} ${clock}`;
  }
}

// Claims: opening a comment takes it, its page keeps it, leaving gives it back.

function form(fields) {
  const token = document.querySelector("[name=csrf_token]").value;
  return new URLSearchParams({ csrf_token: token, ...fields });
}

async function claim() {
  const item = byId("item");
  if (!item?.dataset.claim || !item.getClientRects().length || document.hidden) return;
  const response = await fetch(item.dataset.claim, {
    method: "POST",
    body: form({ lease_token: lease?.token ?? "" }),
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(3000),
  }).catch(() => null);
  // The time may be up when the answer has begun, too.
  const answer = await response?.json().catch(() => null);
  if (!answer) return;
  const release = item.dataset.release;
  if (item !== byId("item")) return response.ok && giveBack(release, answer.lease_token);
  if (response.ok) return keep(release, answer);
  const expired = lease;
  forget();
  if (expired) return claim();
  byId("lease").textContent = `${answer.by ? `${answer.by}: ` : ""}${answer.error}`;
}

function keep(release, answer) {
  forget();
  const renew = () => (claiming = claim());
  lease = { token: answer.lease_token, release, timer: setTimeout(renew, answer.seconds * 500) };
  byId("decide").elements.lease_token.value = lease.token;
  const until = document.createElement("time");
  until.dateTime = answer.expires_at;
  const [before, after] = worded("yours", { time: "\n" }).split("\n");
  byId("lease").replaceChildren(before, until, after);
  localTimes(byId("lease"));
}

function forget() {
  clearTimeout(lease?.timer);
  lease = null;
}

function leave() {
  if (lease) giveBack(lease.release, lease.token);
  forget();
}

function giveBack(release, token) {
  navigator.sendBeacon(release, form({ lease_token: token }));
}

// What is new meanwhile: counts change, the list under the eyes does not.

let soon = null; // who decides fast is told once, when there is time

function pollSoon() {
  clearTimeout(soon);
  soon = setTimeout(poll, 1000);
}

async function poll() {
  const desk = byId("desk");
  if (!desk || document.hidden || busy) return;
  const rows = [...document.querySelectorAll("#rows [data-id]")].map((row) => row.dataset.id);
  const ids = new Set([byId("item")?.dataset.id, ...rows].filter(Boolean));
  const query = `rows=${[...ids].join("+")}`;
  const response = await fetch(`${desk.dataset.counts}&${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok || desk !== byId("desk")) return;
  const news = await response.json();
  for (const [name, { count, oldest }] of Object.entries(news.lanes)) {
    const lane = byId(`lane-${name}`);
    if (count === null) continue;
    lane.querySelector(".n").textContent = count;
    lane.querySelector("small").textContent = oldest;
    lane.classList.toggle("quiet", count === 0);
    if (lane.hasAttribute("aria-current")) document.title = document.title.replace(/ \(\d+\)/, count ? ` (${count})` : "");
  }
  const pill = byId("new");
  const fresh = worded("new", { n: news.new });
  if (pill.hidden && news.new) say(fresh);
  pill.textContent = fresh;
  pill.hidden = !news.new;
  showDelivery(news.delivery);
  for (const [id, row] of Object.entries(news.rows)) showRow(id, row);
  showChosen();
}

// A comment that somebody else has taken or decided turns grey where it stands.
function showRow(id, { past, pending, tag }) {
  const row = byId(`row-${id}`);
  if (row) {
    row.parentElement.classList.toggle("past", past);
    row.querySelector(".tag").replaceChildren(...nodes(tag));
    if (!pending) row.parentElement.querySelector(".pick")?.remove();
  }
  const item = byId("item");
  if (item?.dataset.id !== id) return;
  const { held } = item.dataset;
  const said = nodes(tag).map((node) => node.textContent).join("").trim();
  if (held && held !== tag) return reopen(item, past ? said : worded("free"));
  if (!item.dataset.claim || !past || lease) return;
  if (byId("lease").textContent === said) return;
  byId("lease").textContent = said;
  say(said);
}

// Whoever was reading the open comment has gone on or decided: it is shown anew, the list stays as it is.
async function reopen(item, said) {
  const address = new URL(location);
  address.searchParams.set("item", item.dataset.id);
  const [page] = await fetched(address).catch(() => []);
  const fresh = page?.getElementById("item");
  if (!fresh || busy || item !== byId("item")) return;
  const focused = item.contains(document.activeElement);
  const note = item.querySelector("#conflict q")?.textContent;
  item.replaceWith(document.adoptNode(fresh));
  if (note && byId("note")) {
    openNote();
    byId("note").value = note;
  }
  if (focused) fresh.focus({ preventScroll: true });
  localTimes(fresh);
  say(said);
  claiming = claim();
}

function nodes(html) {
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
}

function showDelivery(html) {
  const place = byId("delivery");
  if (!place) return;
  place.replaceChildren(...nodes(html));
  localTimes(place);
}

// Mouse and keys.

async function submitted(event) {
  const { target, submitter } = event;
  if (target.id === "preferences") return event.preventDefault();
  if (!target.closest("#desk") || target.id === "select") return;
  event.preventDefault();
  await claiming;
  const fields = new URLSearchParams(new FormData(target, submitter));
  if (target.method === "get") return load(`${target.action}?${filled(fields)}`);
  return load(submitter?.getAttribute("formaction") ?? target.action, { method: "POST", body: fields });
}

function filled(fields) {
  return new URLSearchParams([...fields].filter(([, value]) => value));
}

function clicked(event) {
  if (event.target.matches(".pick input")) return picked(event.target, event.shiftKey);
  const link = event.target.closest("#desk a");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || link.target || link.origin !== location.origin) return;
  event.preventDefault();
  load(link.href);
}

function chooseReason() {
  const reasons = byId("reasons");
  if (!reasons) return;
  reasons.open = true;
  reasons.querySelector(`[value="${byId("reject").value}"]`).focus();
}

function step(rows) {
  const all = [...document.querySelectorAll(".list li a")];
  const here = all.findIndex((row) => row.hasAttribute("aria-current"));
  all[here + rows]?.click();
}

// Selecting: x marks the open comment, X or a click with Shift all from the last one marked to here.

let lastPicked = null;

function picked(box, range) {
  const boxes = [...document.querySelectorAll(".pick input")];
  const from = boxes.findIndex((other) => other.value === lastPicked);
  const to = boxes.indexOf(box);
  if (range && from >= 0) {
    for (const other of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) other.checked = box.checked;
  }
  lastPicked = box.value;
  showChosen();
}

function pick(range) {
  const id = byId("item")?.dataset.id;
  const box = id && document.querySelector(`.pick input[value="${id}"]`);
  if (!box) return;
  box.checked = range || !box.checked;
  picked(box, range);
  const n = document.querySelectorAll(".pick :checked").length;
  say(worded(box.checked ? "selected" : "unselected", { n }));
}

function showChosen() {
  const number = document.querySelectorAll(".pick :checked").length;
  if (byId("chosen-count")) byId("chosen-count").textContent = number ? ` ${number}` : "";
  byId("selected")?.classList.toggle("unready", !number);
}

// The veil: a key pressed shows the text, a key held shows it while it is held.

const HELD_MS = 350;
let unveiled = 0;

function unveil() {
  const veil = byId("veil");
  if (!veil) return;
  veil.open = !veil.open;
  unveiled = veil.open ? performance.now() : 0;
}

function released(event) {
  if (event.key !== "v" || !unveiled) return;
  if (performance.now() - unveiled > HELD_MS && byId("veil")) byId("veil").open = false;
  unveiled = 0;
}

function openNote() {
  const noted = byId("noted");
  if (!noted) return;
  noted.open = true;
  byId("note").focus();
}

// In the note, Ctrl+Enter escalates: a note alone decides nothing.
function inNote(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) click("escalate");
  if (event.key === "Escape") byId("item").focus();
}

function toggleHelp() {
  byId("help").open = !byId("help").open;
}

function close() {
  for (const open of document.querySelectorAll("#reasons[open], #help[open], #noted[open]")) open.open = false;
}

const KEYS = {
  a: () => click("approve"),
  r: chooseReason,
  s: () => document.querySelector('#decide [value="reject:spam"]')?.click(),
  n: () => click("skip"),
  u: () => click("undo", "undo-item"),
  j: () => step(1),
  k: () => step(-1),
  e: openNote,
  v: unveil,
  x: () => pick(false),
  X: () => pick(true),
  "/": () => byId("q")?.focus(),
  "?": toggleHelp,
  Escape: close,
};

function pressed(event) {
  if (event.target.id === "note") return inNote(event);
  if (event.target.id === "q" && event.key === "Escape") return byId("item")?.focus();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || busy) return;
  if (!byId("keys")?.checked || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const reason = byId("reasons")?.open && byId(`reason-${event.key}`);
  if (!reason && !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  if (reason) reason.click();
  else KEYS[event.key]();
}

function changed({ target }) {
  if (target.form?.id === "preferences") remember(target.form);
  if (target.id === "site") target.form.requestSubmit();
}

async function remember(form) {
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  say(worded(response.ok && !unwritten(response) ? "remembered" : "forgotten"));
}

root.classList.add("js");
document.addEventListener("submit", submitted);
document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("keyup", released);
document.addEventListener("change", changed);
document.addEventListener("visibilitychange", looked);
window.addEventListener("popstate", () => (busy ? location.reload() : load(location.href, {}, false)));
window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => event.persisted && (claiming = claim()));
if (byId("desk")) {
  setInterval(poll, POLL_MS);
  arrive();
} else {
  localTimes(document);
}
