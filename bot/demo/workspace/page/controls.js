// Draws Block Kit's interactive elements and reads their values back as plain strings, lists or null.
// It never acts by itself: what was pressed or chosen is handed to the surface, which asks the server.
import { freshId, h, safeUrl } from "./dom.js";
import { picker } from "./picker.js";
import { plain, words } from "./text.js";
import { personName, world } from "./world.js";

const flat = (element) => (element.option_groups ? element.option_groups.flatMap((group) => group.options) : element.options ?? []);
const asChoice = (option) => ({ value: option.value, label: plain(option.text), description: plain(option.description) });

function peopleChoices() {
  return [...world.people.values()].filter((person) => !person.deleted && !person.is_bot)
    .map((person) => ({ value: person.id, label: person.real_name || person.name, description: person.title }));
}

function channelChoices(element) {
  const include = element.type.includes("channels") ? ["public"] : element.filter?.include;
  const kind = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  return world.channels.filter((channel) => !include || include.includes(kind(channel)))
    .map((channel) => ({ value: channel.id, label: channel.is_im ? channel.name : `#${channel.name}`, description: channel.topic }));
}

function choicesOf(element) {
  if (/users_select$/.test(element.type)) return peopleChoices();
  if (/(conversations|channels)_select$/.test(element.type)) return channelChoices(element);
  return flat(element).map(asChoice);
}

const INITIAL = ["initial_value", "initial_date", "initial_time", "initial_date_time", "initial_user", "initial_conversation", "initial_channel",
  "initial_users", "initial_conversations", "initial_channels"];

// What Slack calls the initial value, as the same plain value that `read` gives.
function initial(element) {
  if (element.initial_option) return element.initial_option.value;
  if (element.initial_options) return element.initial_options.map((option) => option.value);
  const name = INITIAL.find((key) => element[key] !== undefined && element[key] !== null);
  return name ? element[name] : null;
}

const sized = (text) => (text === "" || text === undefined ? null : text);

function button(element, place) {
  const label = plain(element.text);
  const shared = {
    class: `button ${element.style ?? ""}`, "data-action-id": element.action_id,
    "aria-description": element.accessibility_label && element.accessibility_label !== label ? element.accessibility_label : null,
  };
  const href = element.url && safeUrl(element.url);
  if (href) {
    return { node: h("a", { ...shared, href, target: "_blank", rel: "noopener noreferrer", onclick: () => { place.press(element, null, { quiet: true }); } }, label, h("span", { class: "out", "aria-hidden": "true" }, "↗")) };
  }
  const node = h("button", { ...shared, type: "button", onclick: () => place.press(element, node) }, label);
  return { node };
}

function overflow(element, place) {
  const menu = h("details", { class: "overflow", "data-action-id": element.action_id },
    h("summary", { "aria-label": place.label || "More actions" }, "⋯"),
    h("div", { class: "menu" }, element.options.map((option) => {
      const href = option.url && safeUrl(option.url);
      const pick = () => { menu.open = false; place.choose(element, option.value, menu); };
      return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer", onclick: pick }, plain(option.text))
        : h("button", { type: "button", class: "quiet", "data-value": option.value, onclick: pick }, plain(option.text));
    })));
  return { node: menu };
}

function oneOf(element, place, start) {
  const option = (choice) => h("option", { value: choice.value, selected: choice.value === start }, choice.label);
  const body = element.option_groups
    ? element.option_groups.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map((o) => option(asChoice(o)))))
    : choicesOf(element).map(option);
  const node = h("select", { ...place.attributes, "data-action-id": element.action_id, onchange: () => place.changed(element, sized(node.value), node) },
    h("option", { value: "" }, plain(element.placeholder) || "Choose…"), body);
  return { node, control: node, read: () => sized(node.value) };
}

function search(element, place, start) {
  const several = element.type.startsWith("multi_");
  const outside = element.type.endsWith("external_select");
  const known = outside ? [...(element.initial_options ?? []), ...(element.initial_option ? [element.initial_option] : [])].map(asChoice) : choicesOf(element);
  for (const choice of known) place.labels.set(choice.value, choice.label);
  const values = start === null ? [] : [start].flat();
  const value = (picked) => (several ? picked.map((choice) => choice.value) : picked[0]?.value ?? null);
  const choices = async (query) => {
    const found = outside ? (await place.options(element, query)).map(asChoice)
      : known.filter((choice) => `${choice.label} ${choice.description ?? ""}`.toLowerCase().includes(query.toLowerCase()));
    for (const choice of found) place.labels.set(choice.value, choice.label);
    return found;
  };
  const box = picker({
    id: place.attributes.id, label: place.attributes["aria-label"], placeholder: plain(element.placeholder) || "Search…", choices, several,
    most: element.max_selected_items, minimum: outside ? element.min_query_length ?? 3 : 0,
    chosen: values.map((one) => ({ value: one, label: place.labels.get(one) ?? one })),
    changed: (picked) => place.changed(element, value(picked), box.input),
    attributes: { ...place.attributes, "data-action-id": element.action_id },
  });
  return { node: box.node, control: box.input, read: () => value(box.picked()) };
}

function ticks(element, place, start) {
  const many = element.type === "checkboxes";
  const group = freshId("group");
  const chosen = start === null ? [] : [start].flat();
  const read = () => {
    const on = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    return many ? on : on[0] ?? null;
  };
  const node = h("div", { ...place.attributes, id: null, class: "ticks", role: many ? "group" : "radiogroup", "aria-required": null, "data-action-id": element.action_id },
    flat(element).map((option) => h("label", {},
      h("input", { type: many ? "checkbox" : "radio", name: group, value: option.value, checked: chosen.includes(option.value), onchange: () => place.changed(element, read(), node) }),
      h("span", {}, words(option.text), option.description ? h("small", {}, words(option.description)) : null))));
  return { node, control: node.querySelector("input"), group: node, read };
}

const FIELD = {
  plain_text_input: {}, email_text_input: { inputmode: "email", autocomplete: "off" }, url_text_input: { inputmode: "url" }, number_input: { inputmode: "decimal" },
  datepicker: { type: "date" }, timepicker: { type: "time" }, datetimepicker: { type: "datetime-local" },
};

function field(element, place, start) {
  const moment = element.type === "datetimepicker";
  const shift = (seconds) => new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16);
  const attributes = {
    ...place.attributes, ...FIELD[element.type], "data-action-id": element.action_id, placeholder: plain(element.placeholder) || null,
    maxlength: element.max_length, autocomplete: "off",
  };
  const node = element.multiline ? h("textarea", { ...attributes, rows: "4" }) : h("input", { type: "text", ...attributes });
  if (start !== null) node.value = moment && typeof start === "number" ? shift(start) : String(start);
  const read = () => {
    if (moment) return node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null;
    return sized(node.value);
  };
  const trigger = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  node.addEventListener("input", () => place.touched(element));
  if (/picker$/.test(element.type)) node.addEventListener("change", () => place.changed(element, read(), node));
  else if (trigger.includes("on_character_entered")) node.addEventListener("input", () => place.changed(element, read(), node));
  else node.addEventListener("keydown", (event) => { if (event.key === "Enter" && !element.multiline) place.changed(element, read(), node); });
  return { node, control: node, read };
}

const DRAW = {
  button: [button], workflow_button: [button], overflow: [overflow], static_select: [oneOf], users_select: [oneOf], conversations_select: [oneOf],
  channels_select: [oneOf], external_select: [search], multi_static_select: [search], multi_users_select: [search], multi_external_select: [search],
  multi_conversations_select: [search], multi_channels_select: [search], radio_buttons: [ticks], checkboxes: [ticks],
};

// One element: its node, and where it holds a value the control to focus and a way to read it.
export function control(element, place) {
  const [draw] = DRAW[element.type] ?? (FIELD[element.type] ? [field] : []);
  if (!draw) return { node: h("span", { class: "unknown" }, `[${element.type}]`) };
  const kept = place.kept;
  return draw(element, place, kept === undefined ? initial(element) : kept);
}
