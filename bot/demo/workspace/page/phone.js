// The acting person's phone: authenticator codes that count down, a place to add a setup key, and the mailbox.
// It computes no code itself and keeps none: what it shows came from the server a moment ago.
import { h, link, toast } from "./dom.js";
import { clock, prettyDay } from "./text.js";
import { ask, fetchState, isOld, world } from "./world.js";

const codes = document.getElementById("codes");
const mailbox = document.getElementById("mailbox");
const form = document.getElementById("scan");
const key = document.getElementById("key");
const announcer = document.getElementById("announcer");

// Mail is plain text, but its web addresses may be followed.
const ADDRESS = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/;
const BASE32 = /^[A-Z2-7]{16,}=*$/;

let endsAt = [];
let asked = 0;
let seen = null;

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
    announcer.textContent = "Code copied";
    toast("Code copied.", "calm");
  } catch {
    toast("The browser did not allow copying. The code is on the screen.");
  }
}

function codeCard(entry) {
  const code = String(entry.code);
  const half = Math.ceil(code.length / 2);
  return h("li", { "data-code": code },
    h("span", { class: "label" }, entry.label),
    h("button", {
      type: "button", class: "code", "aria-label": `Copy the code ${code} of ${entry.label}`, onclick: () => copy(code),
    }, h("span", {}, code.slice(0, half)), h("span", {}, code.slice(half))),
    h("span", { class: "left", "aria-hidden": "true" }),
    h("progress", { max: "30", value: entry.seconds_left, "aria-label": `Seconds left for ${entry.label}` }));
}

// As on any phone, the name of the sender where there is one; the address stands in the title.
const sender = (from) => from.replace(/\s*<[^<>]*>$/, "").replace(/^"(.*)"$/, "$1") || from;

function mailCard(mail, isOpen) {
  const at = new Date(typeof mail.at === "number" ? mail.at * 1000 : mail.at);
  const when = Number.isNaN(at.getTime()) ? "" : clock(at);
  return h("details", { class: "mail", "data-mail": mail.id, open: isOpen },
    h("summary", {},
      h("span", { class: "from", title: mail.from }, sender(mail.from)), h("time", { title: when && prettyDay(at) }, when),
      h("span", { class: "subject" }, mail.subject)),
    h("div", { class: "text" }, mail.text.split(ADDRESS).map((part, index) => (index % 2 ? link(part, part) : part))));
}

function tick() {
  [...codes.children].forEach((item, index) => {
    const left = Math.max(0, Math.ceil((endsAt[index] - Date.now()) / 1000));
    const bar = item.querySelector("progress");
    bar.value = left;
    item.classList.toggle("late", left <= 5);
    item.querySelector(".left").textContent = `${left} s`;
  });
  const stale = endsAt.some((end) => end <= Date.now());
  if (stale && !document.hidden && Date.now() - asked > 1500) refresh();
}

function take(as, told) {
  if (as === world.as && !isOld("phone", told)) showPhone(told.phone);
}

async function refresh() {
  asked = Date.now();
  const as = world.as;
  try {
    take(as, await fetchState(as));
  } catch { /* The stream tells that the line is broken; the next tick asks again. */ }
}

export function showPhone(phone, fresh = false) {
  world.phone = phone;
  document.body.toggleAttribute("data-no-phone", !phone);
  const open = new Set([...mailbox.querySelectorAll("details[open]")].map((mail) => mail.dataset.mail));
  const focused = [...codes.children].findIndex((item) => item.contains(document.activeElement));
  endsAt = (phone?.codes ?? []).map((entry) => Date.now() + entry.seconds_left * 1000);
  codes.replaceChildren(...(phone?.codes ?? []).map(codeCard));
  codes.children[focused]?.querySelector("button").focus();
  document.getElementById("no-codes").hidden = endsAt.length > 0;
  const mails = [...(phone?.mailbox ?? [])].reverse();
  mailbox.replaceChildren(...mails.map((mail) => mailCard(mail, open.has(String(mail.id)))));
  document.getElementById("no-mail").hidden = mails.length > 0;
  const count = mails.length;
  if (!fresh && seen !== null && count > seen) {
    document.body.toggleAttribute("data-new-mail", true);
    announcer.textContent = `New mail: ${mails[0].subject}`;
  }
  seen = count;
  tick();
}

// An authenticator also takes the bare key that a page shows for typing; the server gets the full address.
function asUri(text) {
  const bare = text.replace(/[\s-]/g, "").toUpperCase();
  return BASE32.test(bare) ? `otpauth://totp/Added%20by%20hand?secret=${bare}` : text.trim();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const uri = asUri(key.value);
  if (!uri.startsWith("otpauth://")) {
    toast("This is no setup key. It starts with otpauth:// or is a row of letters A–Z and digits 2–7.");
    key.focus();
    return;
  }
  const { as } = world;
  const result = await ask("scan", { uri });
  if (!result.ok) return;
  key.value = "";
  toast("Added to the phone.", "calm");
  take(as, result);
});

setInterval(tick, 500);
