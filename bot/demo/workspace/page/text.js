// Turns Slack's mrkdwn, plain text and dates into elements.
// Every character ends up in a text node; a mark-up that is not understood stays visible as it was written.
import { h, link } from "./dom.js";
import { channelName, personName, world } from "./world.js";

const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  no_entry: "⛔", no_entry_sign: "🚫", x: "❌", rotating_light: "🚨", lock: "🔒", unlock: "🔓", key: "🔑", bell: "🔔",
  eyes: "👀", wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", tada: "🎉", question: "❓", exclamation: "❗",
  information_source: "ℹ️", bulb: "💡", calendar: "📅", shield: "🛡️", mag: "🔍", memo: "📝", link: "🔗", pray: "🙏",
  red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", arrow_right: "➡️", slightly_smiling_face: "🙂",
};
export const emojiByName = (name) => EMOJI[name] ?? null;

// The signs that carry a state are drawn alike on every machine; the character stays for reading out and for copying.
const SIGNS = {
  "⏳": "waiting", "⌛": "ended", "✅": "done", "⛔": "refused", "⚠️": "exception", "⚠": "exception", "🚨": "alarm",
};
const sign = (part) => (SIGNS[part] ? h("span", { class: `sign ${SIGNS[part]}` }, part) : part);
const signed = (text) => text.split(/(⏳|⌛|✅|⛔|⚠️?|🚨)/).filter(Boolean).map(sign);

const withEmoji = (text) => text.replace(/:([a-z0-9_+-]{1,40}):/g, (whole, name) => EMOJI[name] ?? whole);
const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

export function plain(object) {
  if (!object) return "";
  return object.emoji === false ? object.text ?? "" : withEmoji(object.text ?? "");
}

// A text object of either kind, as nodes.
export function words(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "", object.verbatim) : signed(plain(object));
}

const zone = () => world.me?.tz || undefined;
function format(date, options) {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options }).format(date);
  } catch {
    return new Intl.DateTimeFormat("en-GB", options).format(date);
  }
}
export const clock = (date) => format(date, { hour: "2-digit", minute: "2-digit" });
export const dayKey = (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" });
const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };

export function prettyDay(date, options = LONG) {
  for (const [offset, name] of [[0, "today"], [-1, "yesterday"], [1, "tomorrow"]]) {
    if (dayKey(date) === dayKey(new Date(Date.now() + offset * 86400e3))) return name;
  }
  return format(date, options);
}

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([length]) => Math.abs(seconds) >= length) ?? units.at(-1);
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

export function slackDate(seconds, pattern, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const long = { day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const forms = {
    date_num: () => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-"),
    date: () => format(date, long), date_pretty: () => prettyDay(date, long),
    date_short: () => format(date, short), date_short_pretty: () => prettyDay(date, short),
    date_long: () => format(date, LONG), date_long_pretty: () => prettyDay(date),
    time: () => clock(date), time_secs: () => format(date, { timeStyle: "medium" }), ago: () => ago(date),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => forms[name]?.() ?? whole);
}

export function mention(id) {
  return h("span", { class: `mention${id === world.as ? " me" : ""}`, "data-user": id }, `@${personName(id)}`);
}

function time(seconds, pattern, fallback, url) {
  const shown = slackDate(seconds, pattern, fallback);
  const full = slackDate(seconds, "{date_long}, {time_secs}", "");
  const stamp = h("time", { title: full || null }, shown);
  return url ? link(url, stamp) : stamp;
}

// What stands between angle brackets: a person, a channel, a date, a broadcast or a link.
function angle(body) {
  const [target, ...rest] = body.split("|");
  const label = rest.length ? unescape(rest.join("|")) : null;
  if (/^@[A-Z0-9]+$/.test(target)) return mention(target.slice(1));
  if (/^#[A-Z0-9]+$/.test(target)) return h("span", { class: "mention" }, `#${label ?? channelName(target.slice(1))}`);
  if (target.startsWith("!date^")) {
    const [, seconds, pattern = "", url] = target.split("^");
    return time(seconds, unescape(pattern), label ?? "", url && unescape(url));
  }
  if (/^!(here|channel|everyone)$/.test(target)) return h("span", { class: "mention me" }, `@${target.slice(1)}`);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label ?? "@group");
  if (/^mailto:/.test(target)) return h("span", {}, label ?? target.slice(7));
  const url = unescape(target);
  return /^[a-z][a-z0-9+.-]*:/i.test(url) ? link(url, withEmoji(label ?? url)) : h("span", {}, `<${unescape(body)}>`);
}

const STYLED = /(?<![\p{L}\p{N}])([*_~])(?!\s)((?:(?!\1)[^\n])*(?!\1)\S)\1(?![\p{L}\p{N}])/gu;
const TAGS = { "*": "strong", _: "em", "~": "s" };
const BARE = /https?:\/\/[^\s<>|"*\uE000\uE001]*[^\s<>|"*.,;:!?)\]\uE000\uE001]/g;

export function mrkdwn(source, verbatim = false) {
  const atoms = [];
  // What must not be styled any further is set aside; private-use characters mark its place.
  const aside = (node) => `\uE000${atoms.push(node) - 1}\uE001`;
  const text = source
    .replace(/[\uE000\uE001]/g, "")
    .replace(/\n?```\n?([\s\S]+?)\n?```\n?/g, (_, code) => aside(h("pre", {}, unescape(code))))
    .replace(/`([^`\n]+)`/g, (_, code) => aside(h("code", {}, unescape(code))))
    .replace(/<([^<>\n]+)>/g, (_, body) => aside(angle(body)))
    .replace(BARE, (url) => (verbatim ? url : aside(link(unescape(url), unescape(url)))));

  const leaf = (part) => part.split(/(\uE000\d+\uE001)/).filter(Boolean)
    .flatMap((bit) => (bit[0] === "\uE000" ? atoms[Number(bit.slice(1, -1))] : signed(withEmoji(unescape(bit)))));
  const styled = (part) => {
    const nodes = [];
    let from = 0;
    for (const match of part.matchAll(STYLED)) {
      nodes.push(...leaf(part.slice(from, match.index)), h(TAGS[match[1]], {}, styled(match[2])));
      from = match.index + match[0].length;
    }
    return [...nodes, ...leaf(part.slice(from))];
  };

  const nodes = [];
  let lines = [];
  let quoting = false;
  const flush = () => {
    if (lines.length) nodes.push(h(quoting ? "blockquote" : "span", {}, styled(lines.join("\n"))));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (Boolean(quoted) !== quoting) flush();
    quoting = Boolean(quoted);
    lines.push(quoted ? line.slice(quoted[0].length) : line);
  }
  flush();
  return nodes;
}
