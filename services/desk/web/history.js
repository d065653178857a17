// All that a customer and the desk said to each other, by whatever channel, the newest first; read once it is unfolded.
import { explain, get, part } from "./api.js";
import { h } from "./dom.js";
import { code, t } from "./i18n.js";
import { emit, on, state } from "./state.js";
import { bothTimes, dateTime } from "./time.js";

const PAGE = 20;
const SHOWN_MAX = 200;

let isUnfolded = false;
let shown = fresh(); // of the open ticket's customer

function fresh() {
  return { customerId: null, version: 0, messages: [], next: null, failure: null };
}

// Emits "history" when what it shows changed.
export function openHistory() {
  on("open", () => {
    shown = fresh();
  });
  on("ticket", follow);
}

function follow() {
  const { customer, version } = state.ticket;
  if (shown.customerId !== (customer?.id ?? null)) shown = { ...fresh(), customerId: customer?.id ?? null };
  if (!isUnfolded || !shown.customerId || shown.version === version) return;
  shown.version = version;
  read(null);
}

async function read(cursor) {
  const mine = shown;
  let page;
  try {
    page = await get(`/customers/${part(mine.customerId)}/messages`, { limit: PAGE, cursor });
    mine.failure = null;
  } catch (failure) {
    mine.failure = failure;
  }
  if (page) take(mine, page, cursor);
  if (mine === shown) emit("history");
}

// The newest page goes before what is shown, unless there is a gap between; an older one behind it.
function take(mine, page, cursor) {
  const ids = new Set(page.messages.map((message) => message.event_id));
  const rest = mine.messages.filter((message) => !ids.has(message.event_id));
  const isJoined = cursor || rest.length < mine.messages.length;
  const newestFirst = page.messages.reverse();
  mine.messages = cursor ? [...rest, ...newestFirst] : [...newestFirst, ...(isJoined ? rest : [])];
  if (cursor || !isJoined) mine.next = page.next;
  mine.messages.length = Math.min(mine.messages.length, SHOWN_MAX);
}

export function historySign() {
  return [isUnfolded, shown.messages, shown.next, shown.failure?.status, state.openId];
}

export function drawHistory(zone) {
  return h("details", { id: "history", open: isUnfolded, ontoggle: (event) => {
    if (isUnfolded === event.target.open) return;
    isUnfolded = event.target.open;
    shown.version = 0;
    follow();
  } },
  h("summary", { id: "history-summary" }, t("history.all")),
  shown.failure && h("p", { class: "soft", role: "alert" }, explain(shown.failure)),
  h("ol", { class: "history" }, shown.messages.map((message) => drawLine(message, zone))),
  shown.next && shown.messages.length < SHOWN_MAX
    && h("button", { type: "button", class: "plain", id: "history-older", onclick: () => read(shown.next) }, t("talk.older")));
}

function drawLine(message, zone) {
  const { direction, translation, ticket_id: ticketId } = message;
  const isTranslated = direction === "in" && translation?.state === "done";
  const at = message.sent_at ?? message.routed_at;
  return h("li", { data: { way: direction, eventId: message.event_id } },
    h("p", { class: "soft" }, who(message), " · ", code("channel", message.channel), " · ",
      h("time", { datetime: at, title: bothTimes(at, zone) }, dateTime(at))),
    h("p", { class: "words", dir: "auto", lang: isTranslated ? translation.language : message.language },
      isTranslated ? translation.text : message.text ?? ""),
    ticketId && ticketId !== state.openId && h("a", { href: `#/t/${part(ticketId)}` }, t("history.ticket")));
}

function who({ direction, agent }) {
  if (direction === "out") return agent || t("from.desk");
  return direction === "in" ? t("from.customer") : t("from.note");
}
