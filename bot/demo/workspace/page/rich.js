// Draws rich_text blocks: sections, lists, quotes and preformatted text.
// A part it does not know is shown by its text, never dropped silently and never run as mark-up.
import { h, link } from "./dom.js";
import { emojiByName, mention, slackDate } from "./text.js";
import { channelName } from "./world.js";

function dress(node, style = {}) {
  for (const [on, tag] of [[style.code, "code"], [style.strike, "s"], [style.italic, "em"], [style.bold, "strong"]]) {
    if (on) node = h(tag, {}, node);
  }
  return node;
}

const codepoints = (hex) => String.fromCodePoint(...hex.split("-").map((part) => parseInt(part, 16)));

const INLINE = {
  text: (part) => part.text,
  link: (part) => link(part.url, part.text || part.url),
  user: (part) => mention(part.user_id),
  channel: (part) => h("span", { class: "mention" }, `#${channelName(part.channel_id)}`),
  usergroup: () => h("span", { class: "mention" }, "@group"),
  broadcast: (part) => h("span", { class: "mention me" }, `@${part.range}`),
  emoji: (part) => (part.unicode ? codepoints(part.unicode) : emojiByName(part.name) ?? `:${part.name}:`),
  date: (part) => h("time", {}, slackDate(part.timestamp, part.format, part.fallback ?? "")),
  color: (part) => h("code", {}, part.value),
};

const inline = (elements = []) => elements.map((part) => dress(INLINE[part.type]?.(part) ?? part.text ?? "", part.style));

function list(part) {
  const items = part.elements.map((item) => h("li", {}, inline(item.elements)));
  const start = part.offset ? part.offset + 1 : null;
  return h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 3)}`, start }, items);
}

const PART = {
  rich_text_section: (part) => h("div", { class: "text" }, inline(part.elements)),
  rich_text_quote: (part) => h("blockquote", { class: "text" }, inline(part.elements)),
  rich_text_preformatted: (part) => h("pre", {}, inline(part.elements)),
  rich_text_list: list,
};
export const richText = (block) => block.elements.map((part) => (PART[part.type] ?? PART.rich_text_section)(part));
