// Draws the two richer kinds of text: rich_text blocks, and the markdown block.
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

const MARK = new RegExp([
  /`([^`\n]+)`/, /\[([^\]\n]+)\]\(([^()\s]+)\)/, /\*\*(?=\S)([^\n]+?)\*\*/, /~~(?=\S)([^~\n]+)~~/,
  /(?<![\p{L}\p{N}])(?<mark>[*_])(?=\S)((?:(?!\k<mark>)[^\n])+)\k<mark>(?![\p{L}\p{N}])/u,
].map((one) => one.source).join("|"), "gu");

function span(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, code, label, url, bold, struck, , slanted] = match;
    nodes.push(text.slice(from, match.index));
    from = match.index + whole.length;
    if (code) nodes.push(h("code", {}, code));
    else if (label) nodes.push(link(url, span(label)));
    else if (bold) nodes.push(h("strong", {}, span(bold)));
    else if (struck) nodes.push(h("s", {}, span(struck)));
    else nodes.push(h("em", {}, span(slanted)));
  }
  return [...nodes, text.slice(from)];
}

const STARTS = [
  [/^#{1,6} +(.*)$/, (lines) => lines.map((line) => h("h4", {}, span(line)))],
  [/^> ?(.*)$/, (lines) => h("blockquote", { class: "text" }, span(lines.join("\n")))],
  [/^[-*+] +(.*)$/, (lines) => h("ul", {}, lines.map((line) => h("li", {}, span(line))))],
  [/^\d+[.)] +(.*)$/, (lines) => h("ol", {}, lines.map((line) => h("li", {}, span(line))))],
  [/^(.*\S.*)$/, (lines) => h("div", { class: "text" }, span(lines.join("\n")))],
];

export function markdown(source) {
  return source.split(/^```.*$/m).flatMap((chunk, index) => {
    if (index % 2) return [h("pre", {}, chunk.replace(/^\n|\n$/g, ""))];
    const nodes = [];
    const kindOf = (line) => STARTS.find(([pattern]) => pattern.test(line));
    const lines = chunk.split("\n");
    while (lines.length) {
      const kind = kindOf(lines[0]);
      const taken = [];
      while (lines.length && kindOf(lines[0]) === kind) taken.push(lines.shift());
      if (kind) nodes.push(kind[1](taken.map((line) => kind[0].exec(line)[1])));
    }
    return nodes.flat();
  });
}
