// Holds what the acting person may know of the workspace, and carries every question and deed to the server.
// It draws nothing and decides nothing: the server answers as Slack would, and the page shows it.
import { toast } from "./dom.js";

export const world = {
  as: "", channel: "", tab: "messages",
  team: { name: "" }, me: null, people: new Map(), channels: [], commands: [], shortcuts: [], links: [],
  phone: null, views: [], home: null,
};

export const personName = (id) => {
  const person = world.people.get(id);
  return person?.real_name || person?.name || (id === "USLACKBOT" ? "Slackbot" : id || "someone");
};
export const channelById = (id) => world.channels.find((channel) => channel.id === id);
export const isApp = (id) => id === "USLACKBOT" || Boolean(world.people.get(id)?.is_bot);
export const shownName = (channel) => (channel ? `${channel.is_im ? "" : "#"}${channel.name}` : "");
export const channelName = (id) => channelById(id)?.name ?? id;

async function get(path, query) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

// Answers and news come on lines of their own, and one may overtake the other. Each says as of which change of the
// workspace it is; of each thing on the screen, here stands as of which it is shown.
const stands = new Map();

// Whether something newer is shown of this. If not, this is what is shown from now on.
export function isOld(thing, { as_of }) {
  if (as_of < (stands.get(thing) ?? 0)) return true;
  stands.set(thing, as_of);
  return false;
}

// Takes in a state, or a part of one, but for what is kept where it is shown. A direct conversation is called by the
// app's name.
export function takeIn({ kind, people, channels, views, home, phone, ...rest }) {
  Object.assign(world, rest);
  if (people) world.people = new Map(people.map((person) => [person.id, person]));
  const app = [...world.people.values()].find((person) => person.is_bot);
  const named = (channel) => (channel.is_im && !channel.name ? { ...channel, name: personName(app?.id) } : channel);
  if (channels) world.channels = channels.map(named);
}

export const fetchState = (as) => get("/page/state", as ? { as } : {});

// What was overtaken is asked for again: there may be more in it that is not shown yet.
export async function fetchMessages(channel) {
  for (;;) {
    const answer = await get("/page/messages", { as: world.as, channel });
    if (!isOld(channel, answer)) return answer.messages;
  }
}

const KIND = {
  not_in_channel: "You are not a member of this channel.",
  channel_not_found: "This channel does not exist for you.",
  is_archived: "This channel is archived; nobody can write here.",
  view_not_found: "This window was closed already.",
  message_not_found: "This message is gone.",
  timeout: "The app did not answer in time. Please try again.",
  no_phone: "This person has no phone here.",
};

function kindly(error) {
  const text = String(error || "unknown");
  if (KIND[text]) return KIND[text];
  return text.includes(" ") ? text : `That did not work (${text}). Nothing was lost; please try again.`;
}

// Does one thing as the acting person; a refusal is shown as a toast and also returned.
export async function ask(what, details = {}, { quiet = false } = {}) {
  let result;
  try {
    const answer = await fetch("/page/do", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Workspace-Page": "1" },
      body: JSON.stringify({ as: world.as, what, ...details }),
    });
    result = await answer.json();
  } catch {
    result = { ok: false, error: "The workspace cannot be reached. Is it still running?" };
  }
  // Of a command that nobody answered the workspace itself tells, in the conversation.
  const isTold = quiet || (what === "slash" && result.error === "timeout");
  if (!result.ok && !isTold) toast(kindly(result.error));
  return result;
}

let source = null;

// Listens for one person's events, over a line that opens again when it breaks: perhaps to a workspace that was started
// anew, and that counts its changes anew.
export function listen(as, { event, line }) {
  source?.close();
  source = new EventSource(`/page/stream?${new URLSearchParams({ as })}`);
  source.onopen = () => {
    stands.clear();
    line(true);
  };
  source.onerror = () => {
    stands.clear();
    world.as_of = null;
    line(false);
  };
  source.onmessage = ({ data }) => event(JSON.parse(data));
}
