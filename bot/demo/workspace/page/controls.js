// Draws Block Kit's interactive elements and reads their values back as plain strings, lists or null.
// It never acts by itself: what was pressed or chosen is handed to the surface, which asks the server.
import { freshId, h, safeUrl } from "./dom.js";
import { Picker } from "./picker.js";
import { plain, words } from "./text.js";
import { shownName, world } from "./world.js";

const optionsOf = (element) => element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
const asChoice = (option) => ({ value: option.value, label: plain(option.text), description: plain(option.description) });
const filled = (text) => (text === "" ? null : text);

function people() {
  return [...world.people.values()].filter((person) => !person.deleted && !person.is_bot)
    .map((person) => ({ value: person.id, label: person.real_name || person.name, description: person.title }));
}

function channels(element) {
  const include = element.type.includes("channels") ? ["public"] : element.filter?.include;
  const kind = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  return world.channels.filter((channel) => !include || include.includes(kind(channel)))
    .map((channel) => ({ value: channel.id, label: shownName(channel), description: channel.topic }));
}

function choicesOf(element) {
  if (element.type.endsWith("users_select")) return people();
  if (/(conversations|channels)_select$/.test(element.type)) return channels(element);
  return optionsOf(element).map(asChoice);
}

// What Slack calls the initial value, as the same plain value that `read` gives.
function initial(element) {
  if (element.initial_option) return element.initial_option.value;
  if (element.initial_options) return element.initial_options.map((option) => option.value);
  const name = Object.keys(element).find((key) => key.startsWith("initial_"));
  return element[name] ?? null;
}

function button(element, place) {
  const label = plain(element.text);
  const described = element.accessibility_label !== label && element.accessibility_label;
  const shared = {
    class: `button ${element.style ?? ""}`, "data-action-id": element.action_id, "aria-description": described,
  };
  const href = element.url && safeUrl(element.url);
  if (!href) {
    const node = h("button", { ...shared, type: "button", onclick: () => place.press(element, node) }, label);
    return { node };
  }
  const out = h("span", { class: "out", "aria-hidden": "true" }, "↗");
  const told = () => place.press(element, null, { quiet: true });
  return { node: h("a", { ...shared, href, target: "_blank", rel: "noopener noreferrer", onclick: told }, label, out) };
}

function overflow(element, place) {
  const entry = (option) => {
    const href = option.url && safeUrl(option.url);
    const onclick = () => { menu.open = false; place.change(element, option.value, menu); };
    return href
      ? h("a", { href, target: "_blank", rel: "noopener noreferrer", onclick }, plain(option.text))
      : h("button", { type: "button", class: "quiet", "data-value": option.value, onclick }, plain(option.text));
  };
  const menu = h("details", { class: "overflow", "data-action-id": element.action_id },
    h("summary", { "aria-label": "More actions" }, "⋯"), h("div", { class: "menu" }, element.options.map(entry)));
  return { node: menu };
}

function oneOf(element, place, start) {
  const words = (choice) => [choice.label, choice.description].filter(Boolean).join(" · ");
  const option = (choice) => h("option", { value: choice.value, selected: choice.value === start }, words(choice));
  const group = (one) => h("optgroup", { label: plain(one.label) }, one.options.map((each) => option(asChoice(each))));
  const read = () => filled(node.value);
  const node = h("select", {
    ...place.attributes, "data-action-id": element.action_id, onchange: () => place.change(element, read(), node),
  }, h("option", { value: "" }, plain(element.placeholder) || "Choose…"),
  element.option_groups ? element.option_groups.map(group) : choicesOf(element).map(option));
  return { node, control: node, read };
}

function search(element, place, start) {
  const several = element.type.startsWith("multi_");
  const outside = element.type.endsWith("external_select");
  const given = [element.initial_option, element.initial_options].flat().filter(Boolean).map(asChoice);
  const known = outside ? given : choicesOf(element);
  const label = (value) => known.find((choice) => choice.value === value)?.label ?? place.labels.get(value) ?? value;
  const fits = (choice, query) => `${choice.label} ${choice.description}`.toLowerCase().includes(query.toLowerCase());
  const read = () => (several ? box.picked.map((choice) => choice.value) : box.picked[0]?.value ?? null);
  const box = new Picker({
    several, most: element.max_selected_items, minimum: outside ? element.min_query_length ?? 3 : 0,
    placeholder: plain(element.placeholder) || "Search…",
    chosen: (start === null ? [] : [start].flat()).map((value) => ({ value, label: label(value) })),
    choices: async (query) => {
      if (!outside) return known.filter((choice) => fits(choice, query));
      const found = await place.options(element, query);
      return Object.assign(found.options.map(asChoice), { labels: found.labels });
    },
    changed: (picked) => {
      for (const choice of picked) place.labels.set(choice.value, choice.label);
      place.change(element, read(), box.input);
    },
    attributes: { ...place.attributes, "data-action-id": element.action_id },
  });
  return { node: box.node, control: box.input, read };
}

function ticks(element, place, start) {
  const many = element.type === "checkboxes";
  const name = freshId("group");
  const read = () => {
    const on = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    return many ? on : on[0] ?? null;
  };
  const tick = (option) => h("label", {},
    h("input", {
      type: many ? "checkbox" : "radio", name, value: option.value, checked: [start].flat().includes(option.value),
      onchange: () => place.change(element, read(), node),
    }),
    h("span", {}, words(option.text), option.description ? h("small", {}, words(option.description)) : null));
  const { id, "aria-required": required, ...attributes } = place.attributes;
  const node = h("div", {
    ...attributes, class: "ticks", role: many ? "group" : "radiogroup", "aria-required": many ? null : required,
    "data-action-id": element.action_id,
  }, optionsOf(element).map(tick));
  return { node, control: node.querySelector("input"), marked: node, read };
}

const FIELD = {
  plain_text_input: {}, email_text_input: { inputmode: "email" }, url_text_input: { inputmode: "url" },
  number_input: { inputmode: "decimal" }, datepicker: { type: "date" }, timepicker: { type: "time" },
  datetimepicker: { type: "datetime-local" },
};

// A moment as the browser's field wants it: local time without a zone.
function localMoment(seconds) {
  const moment = new Date(seconds * 1000);
  return new Date(moment - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function field(element, place, start) {
  const moment = element.type === "datetimepicker";
  const many = element.multiline;
  const node = h(many ? "textarea" : "input", {
    ...(many ? { rows: "4" } : { type: "text" }), ...place.attributes, ...FIELD[element.type], autocomplete: "off",
    "data-action-id": element.action_id, placeholder: plain(element.placeholder) || null, maxlength: element.max_length,
  });
  if (start !== null) node.value = moment ? localMoment(start) : start;
  const read = () => (moment && node.value ? Math.floor(new Date(node.value) / 1000) : filled(node.value));
  const changed = () => place.change(element, read(), node);
  const everyLetter = element.dispatch_action_config?.trigger_actions_on?.includes("on_character_entered");
  node.addEventListener("input", () => (everyLetter ? changed() : place.touched()));
  if (element.type.endsWith("picker")) node.addEventListener("change", changed);
  else if (!many) node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (place.told) event.preventDefault(); // the app hears of it; the form is not submitted as well
    changed();
  });
  return { node, control: node, read };
}

const DRAW = {
  button, overflow, static_select: oneOf, users_select: oneOf, conversations_select: oneOf, channels_select: oneOf,
  external_select: search, multi_static_select: search, multi_users_select: search, multi_external_select: search,
  multi_conversations_select: search, multi_channels_select: search, radio_buttons: ticks, checkboxes: ticks,
};

// One element as {node}; where it holds a value also {control, read}: what to focus, and a way to read it.
export function control(element, place) {
  const draw = DRAW[element.type] ?? (FIELD[element.type] && field);
  if (!draw) return { node: h("span", { class: "unknown" }, `[${element.type}]`) };
  return draw(element, place, place.kept === undefined ? initial(element) : place.kept);
}
