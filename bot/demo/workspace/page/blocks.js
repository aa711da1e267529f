// Draws the blocks of one message or view and keeps the values of its controls.
// A block that is broken or unknown is shown as such; the others stand all the same.
import { confirmed } from "./confirm.js";
import { control } from "./controls.js";
import { freshId, h, link, safeUrl } from "./dom.js";
import { markdown, richText } from "./rich.js";
import { plain, words } from "./text.js";
import { ask } from "./world.js";

// One message or one view: where its clicks go, and what was typed in it.
export class Surface {
  constructor(where) {
    this.where = where;
    this.fields = new Map();
    this.labels = new Map();
    this.before = {};
  }

  // Values of an older drawing are kept for controls that come back under the same ids.
  redraw() {
    this.before = { ...this.before, ...this.values() };
    this.fields.clear();
  }

  values() {
    const values = {};
    for (const { block, element, read } of this.fields.values()) (values[block] ??= {})[element.action_id] = read();
    return values;
  }

  async send(block, element, details, busy, options) {
    if (element.confirm && !(await confirmed(element.confirm))) return;
    busy?.setAttribute("aria-busy", "true");
    await ask("action", { container: this.where, block_id: block, action_id: element.action_id, state: this.values(), ...details }, options);
    busy?.removeAttribute("aria-busy");
  }

  place(block, extra = {}) {
    return {
      attributes: {}, labels: this.labels, kept: undefined,
      press: (element, node, options) => { if (node?.getAttribute("aria-busy") !== "true") this.send(block, element, { value: element.value ?? null }, node, options); },
      choose: (element, selected, node) => this.send(block, element, { selected }, node),
      options: async (element, query) => {
        const from = this.where.type === "view" ? { view_id: this.where.view_id } : { message: this.where };
        const answer = await ask("options", { ...from, block_id: block, action_id: element.action_id, query });
        return answer.ok ? (answer.options ?? answer.option_groups?.flatMap((group) => group.options) ?? []) : [];
      },
      changed: (element, selected, node) => this.send(block, element, { selected }, node),
      touched: () => {},
      ...extra,
    };
  }

  add(block, element, extra) {
    const place = this.place(block, { kept: this.before[block]?.[element.action_id], ...extra });
    const drawn = control(element, place);
    if (drawn.read) this.fields.set(`${block} ${element.action_id}`, { block, element, ...drawn });
    return drawn;
  }
}

const quietName = (element) => ({ attributes: { "aria-label": plain(element.placeholder) || element.accessibility_label || "Choose" } });

function picture(block) {
  const url = safeUrl(block.image_url ?? "");
  const alt = block.alt_text ?? "";
  // The page loads nothing from elsewhere: a foreign picture is offered as a link.
  if (url && new URL(url).origin === location.origin) return h("img", { src: url, alt, loading: "lazy" });
  return url ? link(url, `Picture: ${alt || "without a description"}`, { class: "picture" }) : h("span", { class: "picture" }, alt);
}

function accessory(element, block, surface) {
  if (!element) return null;
  return h("div", { class: "accessory" }, element.type === "image" ? picture(element) : surface.add(block.block_id, element, quietName(element)).node);
}

function section(block, surface) {
  return [
    h("div", { class: "main" },
      block.text ? h("div", { class: "text" }, words(block.text)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((one) => h("div", { class: "text" }, words(one)))) : null),
    accessory(block.accessory, block, surface),
  ];
}

function input(block, surface) {
  const id = freshId("field");
  const labelId = `${id}-label`;
  const hint = block.hint ? h("p", { class: "hint", id: `${id}-hint` }, plain(block.hint)) : null;
  const error = h("p", { class: "error", id: `${id}-error`, hidden: true });
  const group = ["radio_buttons", "checkboxes"].includes(block.element.type);
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const clear = () => fail(null);
  const place = surface.place(block.block_id);
  const drawn = surface.add(block.block_id, block.element, {
    attributes: { id, "aria-describedby": described, "aria-required": block.optional ? null : "true", ...(group ? { "aria-labelledby": labelId } : {}) },
    touched: clear,
    changed: (...change) => { clear(); if (block.dispatch_action) place.changed(...change); },
  });
  const fail = (text) => {
    error.hidden = !text;
    error.textContent = text ?? "";
    (drawn.group ?? drawn.control)?.toggleAttribute("aria-invalid", Boolean(text));
    if (text) (drawn.group ?? drawn.control)?.setAttribute("aria-invalid", "true");
  };
  Object.assign(surface.fields.get(`${block.block_id} ${block.element.action_id}`) ?? {}, { fail, optional: block.optional });
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  return [h("label", { id: labelId, for: group ? null : id }, plain(block.label), optional), drawn.node, hint, error];
}

const BLOCK = {
  section,
  input,
  header: (block) => h("h3", {}, words(block.text)),
  divider: () => h("hr"),
  context: (block) => block.elements.map((one) => (one.type === "image" ? picture(one) : h("span", { class: "text" }, words(one)))),
  actions: (block, surface) => block.elements.map((element) => surface.add(block.block_id, element, quietName(element)).node),
  image: (block) => h("figure", {}, picture(block), block.title ? h("figcaption", {}, plain(block.title)) : null),
  rich_text: richText,
  markdown: (block) => markdown(block.text ?? ""),
};

export function drawBlocks(blocks, surface) {
  return blocks.map((block) => {
    let inside;
    try {
      inside = (BLOCK[block.type] ?? (() => h("p", { class: "unknown" }, `[${block.type} block]`)))(block, surface);
    } catch (fault) {
      inside = h("p", { class: "unknown" }, `[${block.type} block that cannot be shown: ${fault.message}]`);
    }
    return h("div", { class: `block ${String(block.type).replace(/[^a-z_]/g, "")}`, "data-block-id": block.block_id }, [inside].flat());
  });
}
