// A combobox after the WAI-ARIA pattern: type to search, arrows to move, Enter to take, chips for several choices.
// It knows nothing of Slack: choices come from a function, and what was chosen is told to another.
import { freshId, h } from "./dom.js";

export function picker({ id, label, placeholder, choices, several, most, chosen, changed, minimum = 0, attributes = {} }) {
  const listId = freshId("choices");
  let picked = [...chosen];
  let shown = [];
  let active = -1;
  let turn = 0;
  let timer = 0;

  const input = h("input", {
    ...attributes, id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder,
    "aria-label": label, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
  });
  const chips = h("span", { class: "chips" });
  const list = h("ul", { id: listId, role: "listbox", class: "choices", hidden: true, "aria-label": placeholder || "Choices" });
  const node = h("div", { class: "picker" }, chips, input, list);

  const close = () => {
    turn += 1;
    clearTimeout(timer);
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const settle = () => {
    chips.replaceChildren(...(several ? picked.map((option) => h("span", { class: "chip" }, option.label,
      h("button", { type: "button", class: "quiet", "aria-label": `Remove ${option.label}`, onclick: () => drop(option) }, "×"))) : []));
    input.value = several ? "" : picked[0]?.label ?? "";
  };

  const drop = (option) => {
    picked = picked.filter((other) => other !== option);
    settle();
    input.focus();
    close();
    changed(picked);
  };

  const take = (option) => {
    const already = picked.find((other) => other.value === option.value);
    if (already && several) return drop(already);
    if (several && most && picked.length >= most) return undefined;
    picked = several ? [...picked, option] : [option];
    settle();
    close();
    return changed(picked);
  };

  const mark = (index) => {
    active = index;
    [...list.querySelectorAll("[role=option]")].forEach((item, at) => {
      item.classList.toggle("active", at === index);
      if (at !== index) return;
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    });
  };

  const draw = (note) => {
    list.replaceChildren(...shown.map((option) => h("li", {
      id: freshId("choice"), role: "option", "data-value": option.value,
      "aria-selected": String(picked.some((other) => other.value === option.value)),
      onmousedown: (event) => event.preventDefault(), onclick: () => take(option),
    }, h("span", {}, option.label), option.description ? h("small", {}, option.description) : null)));
    if (note) list.append(h("li", { class: "note", role: "presentation" }, note));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (shown.length && input.value) mark(0);
  };

  const search = async () => {
    const query = !several && picked[0]?.label === input.value ? "" : input.value.trim();
    if (query.length < minimum) {
      shown = [];
      draw(`Type ${minimum === 1 ? "a letter" : `${minimum} letters`} to search.`);
      return;
    }
    const mine = ++turn;
    const found = await choices(query);
    // A slow answer to an older question must not replace the answer to a newer one.
    if (mine !== turn) return;
    shown = found;
    draw(found.length ? "" : "Nothing found.");
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 120);
  });
  input.addEventListener("focus", () => { if (!several) input.select(); });
  input.addEventListener("click", () => { if (list.hidden) search(); });
  input.addEventListener("blur", () => {
    if (!several && picked.length && input.value.trim() === "") {
      picked = [];
      changed(picked);
    }
    settle();
    close();
  });
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) search();
      else if (shown.length) mark((active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && shown[active]) take(shown[active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      settle();
      close();
    } else if (event.key === "Backspace" && several && !input.value && picked.length) {
      drop(picked.at(-1));
    }
  });

  settle();
  return { node, input, picked: () => picked };
}
