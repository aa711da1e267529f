// Shows the top of the acting person's stack of modals, and keeps what was typed in each of them.
// The server owns the stack: this never opens or closes a modal that the server did not.
import { Surface, drawBlocks } from "./blocks.js";
import { freshId, h, letGo, toast } from "./dom.js";
import { plain } from "./text.js";
import { ask, fetchState, isOld, world } from "./world.js";

const surfaces = new Map();
let dialog = null;
let shown = null;

function surfaceOf(view) {
  if (!surfaces.has(view.id)) surfaces.set(view.id, new Surface({ type: "view", view_id: view.id }, view.typed));
  return surfaces.get(view.id);
}

function missing(surface) {
  const errors = {};
  for (const { block, optional, fail, read } of surface.fields.values()) {
    const value = read();
    if (fail && !optional && (value === null || value.length === 0)) errors[block] = "Please complete this required field.";
  }
  return errors;
}

function showErrors(surface, errors) {
  let first = null;
  const left = { ...errors };
  for (const field of surface.fields.values()) {
    if (!field.fail) continue;
    field.fail(errors[field.block] ?? null);
    if (errors[field.block]) first ??= field.control;
    delete left[field.block];
  }
  for (const text of Object.values(left)) toast(text);
  first?.focus();
}

async function settle(result) {
  // The stream tells about views as well; whoever comes first draws, and the other finds nothing to do.
  const told = result.views ? result : await fetchState(world.as);
  if (!isOld("views", told)) showViews(told.views);
}

async function submit(view, busy) {
  const surface = surfaceOf(view);
  const errors = missing(surface);
  if (Object.keys(errors).length) return showErrors(surface, errors);
  if (busy.getAttribute("aria-busy") === "true") return undefined;
  busy.setAttribute("aria-busy", "true");
  const result = await ask("submit", { view_id: view.id, values: surface.values() });
  busy.removeAttribute("aria-busy");
  if (result.ok && result.errors && Object.keys(result.errors).length) return showErrors(surface, result.errors);
  return result.ok ? settle(result) : undefined;
}

async function close(view) {
  const result = await ask("close", { view_id: view.id }, { quiet: true });
  await settle(result);
}

function draw(view, depth) {
  const surface = surfaceOf(view);
  surface.redraw();
  const title = freshId("modal");
  const form = freshId("form");
  const canSubmit = view.submit || view.blocks.some((block) => block.type === "input");
  const send = canSubmit && h("button", { type: "submit", form, class: "button primary" }, plain(view.submit) || "Submit");
  dialog.setAttribute("aria-labelledby", title);
  dialog.dataset.viewId = view.id;
  dialog.dataset.callbackId = view.callback_id ?? "";
  const onsubmit = (event) => { event.preventDefault(); if (canSubmit) submit(view, send); };
  const back = h("button", { type: "button", class: "button", onclick: () => close(view) }, plain(view.close) || "Close");
  const step = depth > 1 ? h("span", { class: "depth" }, `step ${depth}`) : null;
  dialog.replaceChildren(
    h("header", {}, h("h2", { id: title }, plain(view.title)), step),
    h("form", { id: form, novalidate: true, onsubmit }, drawBlocks(view.blocks, surface)),
    h("footer", {}, back, canSubmit ? send : ""));
}

function begin() {
  dialog = h("dialog", {
    role: "dialog", class: "modal",
    oncancel: (event) => event.preventDefault(),
    onkeydown: (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      if (shown) close(shown);
    },
  });
  document.body.append(dialog);
  dialog.showModal();
}

function shut() {
  letGo(dialog);
  dialog = shown = null;
}

// What was typed lives in its fields; a change of it alone is nothing to draw anew.
const drawing = (view) => view && JSON.stringify({ ...view, typed: null });

function focusFirst(view) {
  const wanted = [...surfaceOf(view).fields.values()].find((field) => field.element.focus_on_load);
  const first = dialog.querySelector("form :is(input, select, textarea, button, a)");
  (wanted?.control ?? first ?? dialog.querySelector("footer button")).focus();
}

export function showViews(views) {
  world.views = views ?? [];
  const open = new Set(world.views.map((view) => view.id));
  for (const id of [...surfaces.keys()]) if (!open.has(id)) surfaces.delete(id);
  const top = world.views.at(-1);
  if (!top) {
    if (dialog) shut();
    return;
  }
  if (drawing(shown) === drawing(top)) return;
  const focused = document.activeElement?.closest("[data-action-id]")?.dataset.actionId;
  const where = shown?.id === top.id && focused;
  if (!dialog) begin();
  shown = top;
  draw(top, world.views.length);
  const again = where && [...surfaceOf(top).fields.values()].find((field) => field.element.action_id === where);
  if (again) again.control.focus();
  else focusFirst(top);
}
