// A combobox after the WAI-ARIA pattern: type to search, arrows to move, Enter to take, chips for several choices.
// It knows nothing of Slack: choices come from a function, and what was chosen is told to another.
import { freshId, h } from "./dom.js";

const PAUSE_MS = 120;

export class Picker {
  // `choices(query)` answers [{value, label, description}], perhaps with the `labels` of its groups; `changed(picked)` hears every change.
  constructor({ choices, changed, several, most, minimum = 0, chosen = [], placeholder, attributes }) {
    Object.assign(this, { choices, changed, several, most, minimum, picked: [...chosen], shown: [], active: -1, turn: 0 });
    const listId = freshId("choices");
    this.chips = h("span", { class: "chips" });
    this.list = h("ul", { id: listId, role: "listbox", class: "choices", hidden: true, "aria-label": placeholder });
    this.input = h("input", {
      ...attributes, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder,
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
      oninput: () => this.soon(), onclick: () => this.list.hidden && this.search(),
      onfocus: () => several || this.input.select(), onblur: () => this.left(), onkeydown: (event) => this.key(event),
    });
    this.node = h("div", { class: "picker" }, this.chips, this.input, this.list);
    this.settle();
  }

  close() {
    this.turn += 1;
    this.active = -1;
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  // The field shows again what is chosen, whatever was typed.
  settle() {
    this.close();
    this.input.value = this.several ? "" : this.picked[0]?.label ?? "";
    if (this.several) this.chips.replaceChildren(...this.picked.map((option) => this.chip(option)));
  }

  chip(option) {
    const remove = () => { this.input.focus(); this.set(this.picked.filter((other) => other !== option)); };
    return h("span", { class: "chip" }, option.label,
      h("button", { type: "button", class: "quiet", "aria-label": `Remove ${option.label}`, onclick: remove }, "×"));
  }

  set(picked) {
    this.picked = picked;
    this.settle();
    this.changed(picked);
  }

  has(option) {
    return this.picked.some((other) => other.value === option.value);
  }

  take(option) {
    if (!this.several) return this.set([option]);
    if (this.has(option)) return this.set(this.picked.filter((other) => other.value !== option.value));
    return this.most && this.picked.length >= this.most ? undefined : this.set([...this.picked, option]);
  }

  left() {
    if (!this.several && this.picked.length && !this.input.value.trim()) this.set([]);
    else this.settle();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), PAUSE_MS);
  }

  async search() {
    const untouched = !this.several && this.picked[0]?.label === this.input.value;
    const query = untouched ? "" : this.input.value.trim();
    const mine = ++this.turn;
    const short = query.length < this.minimum;
    const found = short ? [] : await this.choices(query);
    // A slow answer to an older question must not replace the answer to a newer one.
    if (mine !== this.turn) return;
    this.shown = found;
    this.draw(short ? "Type to search." : "Nothing found.");
    if (found.length && query) this.mark(0);
  }

  draw(whenEmpty) {
    this.list.replaceChildren(...this.shown.map((option) => h("li", {
      id: freshId("choice"), role: "option", "data-value": option.value, "aria-selected": String(this.has(option)),
      onmousedown: (event) => event.preventDefault(), onclick: () => this.take(option),
    }, h("span", {}, option.label), option.description ? h("small", {}, option.description) : null)));
    if (!this.shown.length) this.list.append(h("li", { class: "note", role: "presentation" }, whenEmpty));
    // Below the choices, since their places in the list are counted.
    for (const label of this.shown.labels ?? []) this.list.append(h("li", { class: "note", role: "presentation" }, label));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  mark(index) {
    this.list.children[this.active]?.classList.remove("active");
    this.active = index;
    const item = this.list.children[index];
    item.classList.add("active");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  key(event) {
    const isOpen = !this.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!isOpen) this.search();
      else if (this.shown.length) this.mark((this.active + step + this.shown.length) % this.shown.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen && this.shown[this.active]) this.take(this.shown[this.active]);
    } else if (event.key === "Escape" && isOpen) {
      // Only the list closes; the dialog around it stays.
      event.preventDefault();
      event.stopPropagation();
      this.settle();
    } else if (event.key === "Backspace" && this.several && !this.input.value) {
      this.set(this.picked.slice(0, -1));
    }
  }
}
