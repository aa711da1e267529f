// The line where a person writes: Enter sends, Shift and Enter breaks the line, a slash offers the commands.
// It never loses what was typed: if the server refuses, the words come back.
import { h, toast } from "./dom.js";
import { ask, channelById, shownName, world } from "./world.js";

const form = document.getElementById("composer");
const box = document.getElementById("words");
const offers = document.getElementById("commands");
const more = document.getElementById("more");

let shown = [];
let active = -1;
const drafts = new Map();
const place = () => `${world.as} ${world.channel}`;

function grow() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
}

function hide() {
  offers.hidden = true;
  active = -1;
  box.removeAttribute("aria-activedescendant");
}

function mark(at) {
  active = at;
  for (const [index, item] of [...offers.children].entries()) item.setAttribute("aria-selected", String(index === at));
  box.setAttribute("aria-activedescendant", offers.children[at].id);
  offers.children[at].scrollIntoView({ block: "nearest" });
}

function take(command) {
  box.value = `${command.command} `;
  hide();
  box.focus();
}

function offer() {
  const typed = box.value;
  shown = /^\/\S*$/.test(typed) ? world.commands.filter((one) => one.command.startsWith(typed)) : [];
  if (!shown.length || (shown.length === 1 && shown[0].command === typed)) return hide();
  offers.replaceChildren(...shown.map((one, index) => h("li", {
    role: "option", id: `command-${index}`, onmousedown: (event) => event.preventDefault(), onclick: () => take(one),
  }, h("span", {}, h("strong", {}, one.command), h("span", { class: "usage" }, ` ${one.usage_hint ?? ""}`)),
  h("small", {}, one.description))));
  offers.hidden = false;
  return mark(0);
}

function write(text) {
  box.value = text;
  grow();
  offer();
}

async function send() {
  const text = box.value.trim();
  if (!text) return;
  const from = place();
  const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  if (command && !world.commands.some((one) => one.command === command)) {
    toast(`${command} is not a command here. To see the commands, type a slash.`);
    return;
  }
  write("");
  const { channel } = world;
  const result = await (command ? ask("slash", { channel, command, text: rest }) : ask("say", { channel, text }));
  if (result.ok) return;
  if (place() !== from) drafts.set(from, text);
  else if (!box.value) write(text);
}

// Puts the writing line before another channel; the draft of the old one is kept.
export function composeFor() {
  const name = shownName(channelById(world.channel));
  box.placeholder = `Message ${name}`;
  box.setAttribute("aria-label", `Message ${name}`);
  write(drafts.get(place()) ?? "");
  hide();
  const own = world.shortcuts.filter((shortcut) => shortcut.type === "global");
  more.hidden = !own.length;
  const use = ({ callback_id }) => { more.open = false; ask("shortcut", { callback_id, channel: world.channel }); };
  more.querySelector(".menu").replaceChildren(...own.map((shortcut) => h("button", {
    type: "button", class: "quiet", onclick: () => use(shortcut),
  }, shortcut.name)));
}

form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
box.addEventListener("input", () => { drafts.set(place(), box.value); grow(); offer(); });
box.addEventListener("blur", hide);
box.addEventListener("keydown", (event) => {
  const open = !offers.hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    mark((active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
  } else if (open && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
    event.preventDefault();
    take(shown[active]);
  } else if (open && event.key === "Escape") {
    hide();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
