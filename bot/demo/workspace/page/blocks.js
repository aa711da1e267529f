// Draws the blocks of one message or view and keeps the values of its controls.
// A block that is broken or unknown is shown as such; the others stand all the same.
import { confirmed } from "./confirm.js";
import { control } from "./controls.js";
import { freshId, h, link, safeUrl } from "./dom.js";
import { richText } from "./rich.js";
import { plain, words } from "./text.js";
import { ask } from "./world.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// One message or one view: where its clicks go, and what was typed in it.
export class Surface {
  // typed: what the server knows to be chosen here already, as {value, labels} by block and action id.
  constructor(where, typed = {}) {
    Object.assign(this, { where, fields: new Map(), labels: new Map(), before: {} });
    for (const [block, elements] of Object.entries(typed)) {
      for (const [id, { value, labels }] of Object.entries(elements)) {
        (this.before[block] ??= {})[id] = value;
        for (const [each, label] of Object.entries(labels)) this.labels.set(each, label);
      }
    }
  }

  // What a person chose is kept for controls that come back under the same ids; an untouched one begins anew.
  redraw() {
    for (const [block, values] of Object.entries(this.values())) this.before[block] = { ...this.before[block], ...values };
    this.fields.clear();
  }

  // Of every control that was touched. The server knows what the others begin with.
  values() {
    const values = {};
    for (const { block, element, read, start } of this.fields.values()) {
      const value = read();
      const touched = this.before[block]?.[element.action_id] !== undefined || !same(value, start);
      if (touched) (values[block] ??= {})[element.action_id] = value;
    }
    return values;
  }

  async send(block, element, details, busy, options) {
    if (element.confirm && !(await confirmed(element.confirm))) return;
    busy?.setAttribute("aria-busy", "true");
    const which = { container: this.where, block_id: block, action_id: element.action_id };
    await ask("action", { ...which, state: this.values(), ...details }, options);
    busy?.removeAttribute("aria-busy");
  }

  // A button that is still at work is not pressed again.
  press(block, element, node, options) {
    if (node?.getAttribute("aria-busy") === "true") return undefined;
    return this.send(block, element, { value: element.value ?? null }, node, options);
  }

  async options(block, element, query) {
    const where = this.where.type === "view" ? { view_id: this.where.view_id } : { message: this.where };
    const found = await ask("options", { ...where, block_id: block, action_id: element.action_id, query });
    return { options: found.options ?? [], labels: found.labels ?? [] };
  }

  // Draws one element; `input` replaces what happens on a change, for fields that only wait to be submitted.
  add(block, element, attributes, input = {}) {
    const drawn = control(element, {
      attributes, labels: this.labels, kept: this.before[block]?.[element.action_id],
      press: (_, node, options) => this.press(block, element, node, options),
      change: (_, selected, node) => this.send(block, element, { selected }, node),
      options: (_, query) => this.options(block, element, query),
      touched: () => {},
      ...input,
    });
    if (drawn.read) this.fields.set(`${block} ${element.action_id}`, { block, element, start: drawn.read(), ...drawn });
    return drawn;
  }

  // An element that stands among others, without a label of its own.
  bare(block, element) {
    const name = plain(element.placeholder) || element.accessibility_label || "Choose";
    return this.add(block.block_id, element, { "aria-label": name }).node;
  }
}

const prose = (object, tag = "div") => h(tag, { class: "text" }, words(object));
const isPicture = (element) => element.type === "image";

function picture(block) {
  const url = safeUrl(block.image_url ?? "");
  const alt = block.alt_text ?? "";
  // The page loads nothing from elsewhere: a foreign picture is offered as a link.
  if (url && new URL(url).origin === location.origin) return h("img", { src: url, alt, loading: "lazy" });
  return link(url, `Picture: ${alt || "without a description"}`, { class: "picture" });
}

function section(block, surface) {
  const beside = block.accessory;
  return [
    h("div", { class: "main" },
      block.text ? prose(block.text) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((one) => prose(one))) : null),
    beside ? h("div", { class: "accessory" }, isPicture(beside) ? picture(beside) : surface.bare(block, beside)) : null,
  ];
}

function input(block, surface) {
  const id = freshId("field");
  const hint = block.hint ? h("p", { class: "hint", id: `${id}-hint` }, plain(block.hint)) : null;
  const error = h("p", { class: "error", id: `${id}-error`, hidden: true });
  const grouped = ["radio_buttons", "checkboxes"].includes(block.element.type);
  const fail = (text) => {
    error.hidden = !text;
    error.textContent = text ?? "";
    const marked = drawn.marked ?? drawn.control;
    if (text) marked.setAttribute("aria-invalid", "true");
    else marked.removeAttribute("aria-invalid");
  };
  const drawn = surface.add(block.block_id, block.element, {
    id, "aria-describedby": hint ? `${id}-hint ${id}-error` : `${id}-error`,
    "aria-required": block.optional ? null : "true", "aria-labelledby": grouped ? `${id}-label` : null,
  }, {
    told: Boolean(block.dispatch_action),
    touched: () => fail(null),
    change: (element, selected, node) => {
      fail(null);
      if (block.dispatch_action) surface.send(block.block_id, element, { selected }, node);
    },
  });
  const field = surface.fields.get(`${block.block_id} ${block.element.action_id}`);
  if (field) Object.assign(field, { fail, optional: block.optional });
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  const label = h("label", { id: `${id}-label`, for: grouped ? null : id }, plain(block.label), optional);
  return [label, drawn.node, hint, error];
}

const BLOCK = {
  section,
  input,
  header: (block) => h("h3", {}, words(block.text)),
  divider: () => h("hr"),
  context: (block) => block.elements.map((one) => (isPicture(one) ? picture(one) : prose(one, "span"))),
  actions: (block, surface) => block.elements.map((element) => surface.bare(block, element)),
  image: (block) => h("figure", {}, picture(block), block.title ? h("figcaption", {}, plain(block.title)) : null),
  rich_text: richText,
};

export function drawBlocks(blocks, surface) {
  return blocks.map((block) => {
    let inside;
    try {
      inside = BLOCK[block.type](block, surface);
    } catch {
      inside = h("p", { class: "unknown" }, `[a ${block.type} block that cannot be shown here]`);
    }
    const kind = String(block.type).replace(/[^a-z_]/g, "");
    return h("div", { class: `block ${kind}`, "data-block-id": block.block_id }, [inside].flat());
  });
}
