// Shows one channel's messages: who, when, what, threads indented, and what only this person sees.
// It never redraws a message that did not change, so that focus and half-made choices stay where they are.
import { Surface, drawBlocks } from "./blocks.js";
import { avatar, h } from "./dom.js";
import { clock, dayKey, mrkdwn, prettyDay } from "./text.js";
import { ask, isApp, personName, world } from "./world.js";

const list = document.getElementById("messages");
const scroller = document.getElementById("scroller");
const jump = document.getElementById("jump");
const announcer = document.getElementById("announcer");

let rows = new Map();
let shownFor = "";

const keyOf = (message) => `${message.ts}${message.ephemeral ? "e" : ""}`;
const dateOf = (message) => new Date(Number(message.ts) * 1000);
const inThread = (message) => Boolean(message.thread_ts && message.thread_ts !== message.ts);

function menu(message) {
  const own = world.shortcuts.filter((shortcut) => shortcut.type === "message");
  if (!own.length || message.ephemeral) return "";
  const use = ({ callback_id }) => ask("shortcut", { callback_id, channel: world.channel, ts: message.ts });
  const entry = (shortcut) => h("button", {
    type: "button", class: "quiet", onclick: () => { node.open = false; use(shortcut); },
  }, shortcut.name);
  const node = h("details", { class: "overflow" },
    h("summary", { "aria-label": "Message shortcuts" }, "⋯"), h("div", { class: "menu" }, own.map(entry)));
  return node;
}

function fill(row) {
  const { message, surface, node } = row;
  const fromApp = isApp(message.user);
  const at = dateOf(message);
  surface.redraw();
  node.replaceChildren(
    avatar(message.user, personName(message.user), fromApp),
    h("div", { class: "body" },
      message.ephemeral ? h("p", { class: "only" }, "Only visible to you") : null,
      h("p", { class: "by" },
        h("span", { class: "name" }, personName(message.user)),
        fromApp ? h("span", { class: "badge" }, "APP") : null,
        h("time", { datetime: at.toISOString(), title: `${prettyDay(at)}, ${clock(at)}` }, clock(at)),
        message.edited ? h("span", { class: "edited" }, "(edited)") : null),
      message.blocks?.length
        ? h("div", { class: "blocks" }, drawBlocks(message.blocks, surface))
        : h("div", { class: "text" }, mrkdwn(message.text ?? ""))),
    menu(message));
}

function rowOf(message) {
  const key = keyOf(message);
  let row = rows.get(key);
  if (row && JSON.stringify(row.message) === JSON.stringify(message)) return row;
  if (!row) {
    const where = { type: "message", channel: world.channel, ts: message.ts };
    row = { surface: new Surface(where), node: h("li", { "data-ts": message.ts, "data-user": message.user, tabindex: "-1" }) };
    rows.set(key, row);
  }
  row.message = message;
  fill(row);
  return row;
}

// Replies stand under what they answer; everything else by time.
function inOrder() {
  const all = [...rows.values()].sort((a, b) => Number(a.message.ts) - Number(b.message.ts));
  const heads = new Set(all.filter((row) => !inThread(row.message)).map((row) => row.message.ts));
  const loose = (row) => !inThread(row.message) || !heads.has(row.message.thread_ts);
  const replies = (row) => all.filter((reply) => !loose(reply) && reply.message.thread_ts === row.message.ts);
  return all.filter(loose).flatMap((row) => [row, ...replies(row)]);
}

function follows(before, row) {
  if (!before || row.message.ephemeral || before.message.ephemeral) return false;
  // That it was edited stands beside its name.
  if (row.message.edited) return false;
  if (inThread(before.message) !== inThread(row.message)) return false;
  return before.message.user === row.message.user && Number(row.message.ts) - Number(before.message.ts) < 240;
}

const dayLine = (key, date) => h("li", { class: "day", "data-day": key }, h("span", {}, prettyDay(date)));

function arrange() {
  const wanted = [];
  let before = null;
  let day = "";
  for (const row of inOrder()) {
    const today = dayKey(dateOf(row.message));
    if (today !== day && !inThread(row.message)) {
      wanted.push(list.querySelector(`[data-day="${today}"]`) ?? dayLine(today, dateOf(row.message)));
      day = today;
      before = null;
    }
    row.node.className = "message";
    row.node.classList.toggle("reply", inThread(row.message));
    row.node.classList.toggle("ephemeral", Boolean(row.message.ephemeral));
    row.node.classList.toggle("follows", follows(before, row));
    wanted.push(row.node);
    before = row;
  }
  // Nodes that already stand right are not moved: moving one would take the focus from it.
  wanted.forEach((node, at) => { if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null); });
  while (list.childElementCount > wanted.length) list.lastElementChild.remove();
  document.getElementById("empty").hidden = wanted.length > 0;
}

const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;

export function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  jump.hidden = true;
}

export function showMessages(messages) {
  shownFor = world.as;
  rows = new Map();
  list.replaceChildren();
  messages.forEach(rowOf);
  arrange();
  toEnd();
}

// Takes in what was missed without disturbing what is there, unless another channel was opened meanwhile.
export function mergeMessages(channel, messages) {
  if (channel !== world.channel || shownFor !== world.as) return;
  const keys = new Set(messages.map(keyOf));
  for (const [key, row] of rows) if (!keys.has(key) && !row.message.ephemeral) rows.delete(key);
  messages.forEach(rowOf);
  arrange();
}

// The fallback text carries the whole meaning; it is what is read out.
const said = (message) => mrkdwn(message.text ?? "").map((node) => node.textContent).join("\n");

export function messageCame(message) {
  const stay = nearEnd() || message.user === world.as;
  const isNew = !rows.has(keyOf(message));
  rowOf(message);
  arrange();
  if (isNew && message.user !== world.as) announcer.replaceChildren(`${personName(message.user)}: `, said(message));
  if (stay) toEnd();
  else if (isNew) jump.hidden = false;
}

export function messageGone(message) {
  rows.delete(keyOf(message));
  arrange();
}

jump.addEventListener("click", toEnd);
scroller.addEventListener("scroll", () => { if (nearEnd()) jump.hidden = true; }, { passive: true });
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.overflow[open]")) menu.open = menu.contains(event.target);
});
