// Builds elements from tags, properties and text, so that whatever a message holds stays text.
// It never parses a string as HTML, and no link leaves it that is not http or https.

export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") el.addEventListener(name.slice(2), value);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
  el.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return el;
}

export function safeUrl(raw) {
  try {
    const url = new URL(raw);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// A link that may not be followed is shown as its words alone.
export function link(raw, children, props = {}) {
  const href = safeUrl(raw);
  if (!href) return h("span", { class: "deadlink" }, children);
  return h("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, children);
}

let serial = 0;
export const freshId = (prefix) => `${prefix}-${++serial}`;

function initials(name) {
  const words = String(name || "?").replace(/[^\p{L}\p{N} ]/gu, " ").trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word || "?")][0]).join("").toUpperCase();
}

// The colour follows from the id alone: the same person looks the same to everybody, on every day.
export function avatar(id, name, isBot = false) {
  let sum = 0;
  for (const ch of String(id)) sum = (sum * 31 + ch.codePointAt(0)) % 9973;
  // The initials are decoration, so they stand in the style and not in the text.
  return h("span", { class: `avatar ${isBot ? "of-app" : `tint-${sum % 8}`}`, "data-initials": initials(name) });
}

const tray = document.getElementById("toasts");

export function toast(text, tone = "trouble") {
  if ([...tray.children].some((note) => note.firstChild.data === text)) return;
  // A modal dialog makes everything outside it inert, so the tray moves into the one on top.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(tray);
  const note = h("p", { class: `toast ${tone}` }, text);
  note.append(h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => note.remove() }, "×"));
  while (tray.childElementCount > 2) tray.firstElementChild.remove();
  tray.append(note);
  setTimeout(() => note.remove(), 9000);
}

export function letGo(dialog) {
  if (dialog.contains(tray)) document.body.append(tray);
  dialog.close();
  dialog.remove();
}
