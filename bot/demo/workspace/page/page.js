// Starts the page: who acts, which channel is open, what the address says, and what the stream brings.
// It holds no state of its own beyond the address; a reload shows the same, less what was only for a moment.
import { Surface, drawBlocks } from "./blocks.js";
import { mergeMessages, messageCame, messageGone, showMessages } from "./chat.js";
import { composeFor } from "./composer.js";
import { avatar, h, link, toast } from "./dom.js";
import { showPhone } from "./phone.js";
import { ask, channelById, fetchMessages, fetchState, isOld, listen, shownName, takeIn, world } from "./world.js";
import { showViews } from "./views.js";

const at = (id) => document.getElementById(id);
const panes = document.querySelectorAll("[data-show]");
let homeSurface = null;

function address(as, channel, tab) {
  const query = new URLSearchParams({ as });
  if (channel) query.set("channel", channel);
  if (tab === "home") query.set("tab", tab);
  return `?${query}`;
}

function role(person) {
  if (person.deleted) return "deactivated";
  return [person.title, person.is_restricted && "guest"].filter(Boolean).join(" · ");
}

function showPeople() {
  const people = [...world.people.values()].filter((person) => !person.is_bot);
  const name = (person) => person.real_name || person.name;
  at("as").replaceChildren(...people.map((person) => h("option", {
    value: person.id, selected: person.id === world.as, disabled: person.deleted,
  }, [name(person), role(person)].filter(Boolean).join(" – "))));
  const me = world.people.get(world.as) ?? world.me;
  at("me").replaceChildren(avatar(me.id, name(me)), h("span", {}, h("strong", {}, name(me)), h("small", {}, role(me))));
}

const hash = (sign) => h("span", { class: "hash", "aria-hidden": "true" }, sign);

function channelItem(channel) {
  const here = channel.id === world.channel;
  const unread = Boolean(channel.unread) && !here;
  const mark = channel.is_im ? avatar(channel.name, channel.name, true) : hash(channel.is_private ? "◇" : "#");
  const dot = unread ? h("span", { class: "dot" }, h("span", { class: "sr" }, "unread")) : null;
  const onclick = (event) => {
    // With a modifier key it is a link like any other: the same page in another tab.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(world.as, channel.id);
  };
  return h("li", {}, h("a", {
    href: address(world.as, channel.id), "data-channel": channel.id, class: unread ? "unread" : null,
    "aria-current": here ? "page" : null, onclick,
  }, mark, h("span", { class: "label" }, channel.name), dot));
}

function showChannels() {
  const focused = document.activeElement?.closest("nav a[data-channel]")?.dataset.channel;
  at("channels").replaceChildren(...world.channels.filter((channel) => !channel.is_im).map(channelItem));
  at("direct").replaceChildren(...world.channels.filter((channel) => channel.is_im).map(channelItem));
  const outside = (one) => h("li", {}, link(one.url, [hash("↗"), h("span", { class: "label" }, one.label)]));
  at("links").replaceChildren(...world.links.map(outside));
  at("links-title").hidden = !world.links.length;
  if (focused) document.querySelector(`nav a[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

function showHeading() {
  const channel = channelById(world.channel);
  at("chat").dataset.channel = world.channel;
  at("channel-name").textContent = channel ? `${channel.is_im ? "" : "# "}${channel.name}` : "";
  at("topic").textContent = channel?.topic ?? "";
  at("tabs").hidden = !channel?.is_im;
  const home = world.tab === "home";
  for (const tab of at("tabs").children) tab.setAttribute("aria-pressed", String(tab.dataset.tab === world.tab));
  at("home").hidden = !home;
  at("talk").hidden = home;
  document.title = [shownName(channel), world.team.name].filter(Boolean).join(" · ");
}

function showHome(view) {
  world.home = view ?? null;
  if (!view) return at("home-blocks").replaceChildren(h("p", { class: "nothing" }, "The app has not drawn its home yet."));
  if (homeSurface?.where.view_id !== view.id) homeSurface = new Surface({ type: "view", view_id: view.id });
  homeSurface.redraw();
  return at("home-blocks").replaceChildren(...drawBlocks(view.blocks, homeSurface));
}

async function openChannel() {
  const { as, channel } = world;
  showHeading();
  showChannels();
  composeFor();
  showPane("chat");
  if (world.tab === "home") {
    showHome(world.home);
    const result = await ask("open_home");
    if (result.view && world.as === as && !isOld("home", result)) showHome(result.view);
    return;
  }
  if (!channel) return;
  const messages = await fetchMessages(channel);
  if (world.as !== as || world.channel !== channel) return;
  const known = channelById(channel);
  if (known) known.unread = false;
  showMessages(messages);
  showChannels();
  if (matchMedia("(min-width: 760px)").matches && !document.querySelector("dialog[open]")) at("words").focus();
}

async function become(as) {
  // An address that names nobody known opens the page as somebody who is there.
  const state = await fetchState(as).catch(() => fetchState(""));
  takeIn({ ...state, as: state.me.id });
  at("team").textContent = world.team.name;
  at("links").dataset.as = world.as;
  showPhone(state.phone, true);
  document.body.removeAttribute("data-new-mail");
  showViews([]);
  tookAll(state);
  listen(world.as, { event: took, line: (up) => { at("line").hidden = up; } });
}

// Goes to a person and a channel; an unknown channel becomes the conversation with the app.
async function go(as, channel, tab = "messages", remember = true) {
  try {
    if (as !== world.as || !world.me) await become(as);
    const wanted = channelById(channel) ?? world.channels.find((one) => one.is_im) ?? world.channels[0];
    world.channel = wanted?.id ?? "";
    world.tab = wanted?.is_im && tab === "home" ? "home" : "messages";
    if (remember) history.pushState(null, "", address(world.as, world.channel, world.tab));
    await openChannel();
  } catch {
    toast("The workspace cannot be reached. Is it still running?");
  }
}

async function catchUp() {
  const { as } = world;
  const state = await fetchState(as);
  if (as !== world.as) return;
  tookAll(state);
  if (world.channel && world.tab === "messages") mergeMessages(world.channel, await fetchMessages(world.channel));
}

// Tells the server what was read here, and takes in whatever the stream may have missed.
let reading = 0;
function readSoon() {
  clearTimeout(reading);
  reading = setTimeout(async () => mergeMessages(world.channel, await fetchMessages(world.channel)), 400);
}

const isShown = (event) => event.channel === world.channel && world.tab === "messages";

const EVENT = {
  // The line tells of every change from here on, and of none between what is known and this.
  here: ({ as_of }) => { if (as_of !== world.as_of) catchUp(); },
  message: (event) => {
    if (isShown(event)) {
      readSoon();
      return messageCame(event.message);
    }
    const known = channelById(event.channel);
    if (!known) return catchUp();
    known.unread = true;
    return showChannels();
  },
  message_changed: (event) => { if (isShown(event)) messageCame(event.message); },
  message_deleted: (event) => { if (isShown(event)) messageGone(event.message); },
  views: (event) => showViews(event.views),
  home: (event) => showHome(event.home),
  phone: (event) => showPhone(event.phone),
  channels: (event) => { takeIn(event); showPeople(); showChannels(); showHeading(); },
  toast: (event) => toast(event.text),
};
function took(event) {
  if (!isOld(event.channel ?? event.kind, event)) EVENT[event.kind]?.(event);
}

// A whole state is news of each of its parts.
function tookAll(state) {
  for (const kind of ["channels", "views", "home", "phone"]) took({ ...state, kind });
}

function showPane(pane) {
  document.body.dataset.pane = pane;
  for (const button of panes) button.setAttribute("aria-pressed", String(button.dataset.show === pane));
  if (pane === "phone") document.body.removeAttribute("data-new-mail");
}

for (const button of panes) {
  const pane = button.dataset.show;
  button.addEventListener("click", () => showPane(document.body.dataset.pane === pane ? "chat" : pane));
}
for (const tab of at("tabs").children) tab.addEventListener("click", () => go(world.as, world.channel, tab.dataset.tab));
at("as").addEventListener("change", () => go(at("as").value, world.channel));

function fromAddress(remember) {
  const query = new URLSearchParams(location.search);
  return go(query.get("as") ?? world.as, query.get("channel") ?? "", query.get("tab") ?? "messages", remember);
}
addEventListener("popstate", () => fromAddress(false));
fromAddress(false);
