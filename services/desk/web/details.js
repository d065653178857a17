// Right pane: clocks, the masked customer, the orders' timelines, all the customer's messages, and the ticket's own facts.
import { explain, get, part } from "./api.js";
import { h, icon, iconButton, reconcile, toast } from "./dom.js";
import { drawHistory, historySign, openHistory } from "./history.js";
import { code, language, languageName, marketName, t } from "./i18n.js";
import { emit, on, state } from "./state.js";
import { countdown } from "./ticket.js";
import { bothTimes, dateTime, fullTime, tick } from "./time.js";

const ORDERS_MAX = 5;
const EVENTS_MAX = 30;
const PATH = ["placed", "paid", "dispatched", "in_customs", "out_for_delivery", "delivered"];

let parts = {};
let orders = new Map(); // order id → {order} or {failure}, of the open ticket
const unfolded = new Set(); // parcels whose events are shown

export function openDetails(pane) {
  parts = {
    back: h("button", { type: "button", class: "icon-button to-talk",
      onclick: () => emit("pane", "talk") }, icon("back")),
    title: h("h2"),
    none: h("p", { class: "soft" }),
    cards: h("div", { class: "cards" }),
  };
  parts.scroll = h("div", { class: "scroll" }, parts.none, parts.cards);
  pane.replaceChildren(h("header", { class: "info-head" }, parts.back, parts.title), parts.scroll);
  on("open", () => {
    orders = new Map();
    unfolded.clear();
    parts.scroll.scrollTop = 0;
    draw();
  });
  openHistory();
  on("history", draw);
  on("language", draw);
  on("ticket", () => {
    draw();
    const ids = shownIds();
    for (const id of orders.keys()) if (!ids.includes(id)) orders.delete(id);
    readOrders(ids.filter((id) => !orders.has(id)));
  });
  draw();
}

function shownIds() {
  return (state.ticket?.order_ids ?? []).slice(0, ORDERS_MAX);
}

export function showsOrder(id) {
  return orders.has(id);
}

export async function readOrders(ids = shownIds()) {
  const ticketId = state.openId;
  await Promise.all(ids.map(async (id) => {
    let found;
    try {
      found = { order: await get(`/orders/${part(id)}`) };
    } catch (failure) {
      found = { failure };
    }
    if (state.openId === ticketId && shownIds().includes(id)) orders.set(id, found);
  }));
  if (ids.length && state.openId === ticketId) draw();
}

// Each card is drawn again only when what it shows changed, so that scroll and focus stay.
function draw() {
  const { ticket } = state;
  parts.back.setAttribute("aria-label", t("tabs.talk"));
  parts.title.textContent = t("info.title");
  parts.none.textContent = ticket ? "" : t("info.none");
  const facts = ticket && { ...ticket, messages: 0, decisions: 0, customer: 0, clocks: 0 };
  const cards = ticket ? [
    { key: "clocks", shows: [ticket.clocks, ticket.zone], make: () => drawClocks(ticket) },
    { key: "customer", shows: [ticket.customer, ticket.market, ticket.zone, ticket.language],
      make: () => drawCustomer(ticket) },
    ...(ticket.calls ?? []).map((call) => ({ key: `call ${call.id}`, shows: [call, ticket.zone],
      make: () => drawCall(call, ticket.zone) })),
    ...shownIds().map((id) => ({ key: `order ${id}`, shows: [orders.get(id)?.order,
      orders.get(id)?.failure?.status], make: () => drawOrder(id) })),
    ...(ticket.customer ? [{ key: "history", shows: [historySign(), ticket.zone],
      make: () => card("chat", t("history.title"), drawHistory(ticket.zone)) }] : []),
    { key: "facts", shows: [facts], make: () => drawFacts(ticket) },
  ] : [];
  reconcile(parts.cards, cards, (item) => item.key, (item) => language() + JSON.stringify(item.shows),
    (item) => item.make());
  tick(parts.cards);
}

function card(iconName, title, ...body) {
  return h("section", { class: "card" }, h("h3", {}, icon(iconName), title), ...body);
}

const ORDER = { breached: 0, warned: 1, running: 2, paused: 3, met: 4, cancelled: 5 };

function drawClocks(ticket) {
  const rank = (clock) => (clock.withdrawn ? ORDER.met : ORDER[clock.state] ?? ORDER.cancelled);
  const clocks = [...ticket.clocks ?? []].sort((a, b) => rank(a) - rank(b)
    || Date.parse(a.due_at) - Date.parse(b.due_at));
  if (!clocks.length) return card("clock", t("info.clocks"), h("p", { class: "soft" }, t("clock.none")));
  return card("clock", t("info.clocks"), h("ul", { class: "clocks" }, clocks.map((clock) => {
    const isOver = ["met", "cancelled"].includes(clock.state) || clock.withdrawn;
    return h("li", { data: { clock: clock.withdrawn ? "withdrawn" : clock.state } },
      h("div", {}, h("strong", {}, code("clock", clock.clock)),
        h("span", { class: "soft" }, clock.due_at ? bothTimes(clock.due_at, ticket.zone) : "")),
      h("div", { class: "clock-end" },
        h("span", { class: "clock-state" }, clock.withdrawn ? t("clock.withdrawn")
          : code("clock_state", clock.state)),
        !isOver && clock.due_at && clock.state !== "paused" && countdown(clock)));
  })));
}

function pair(label, value, props = {}) {
  return value === null || value === undefined || value === "" ? []
    : [h("dt", {}, label), h("dd", { dir: "auto", ...props }, value)];
}

function drawCustomer(ticket) {
  const who = ticket.customer;
  if (!who) return card("user", t("info.customer"), h("p", { class: "soft" }, t("customer.none")));
  const contacts = (who.channels ?? []).map((contact) => h("span", { class: "contact" },
    code("channel", contact.channel), " ", h("bdi", {}, contact.id ?? "")));
  const consents = (who.consents ?? []).map((consent) => h("span", { class: "consent",
    data: { granted: String(Boolean(consent.granted)) } }, t("customer.consent", {
    channel: code("channel", consent.channel), kind: code("consent", consent.class),
    answer: consent.granted ? t("yes") : t("no") })));
  return card("user", t("info.customer"), h("dl", {},
    pair(t("customer.name"), who.name),
    pair(t("customer.tier"), code("tier", who.tier)),
    pair(t("customer.language"), languageName(who.locale ?? ticket.language)),
    pair(t("list.market"), h("span", {}, marketName(ticket.market),
      ticket.zone && [" · ", h("time", { data: { zone: ticket.zone } })])),
    pair(t("customer.phone"), who.phone, { dir: "ltr" }),
    pair(t("customer.email"), who.email, { dir: "ltr" }),
    contacts.length ? pair(t("customer.contacts"), h("span", { class: "stack" }, contacts)) : [],
    consents.length ? pair(t("customer.consents"), h("span", { class: "stack" }, consents)) : []));
}

function drawCall(call, zone) {
  const seconds = call.wait_ms === null ? null : t("call.seconds", { n: Math.round(call.wait_ms / 1000) });
  return card("chat", t("call.title"), h("dl", {},
    pair(t("call.started"), call.started_at && bothTimes(call.started_at, zone)),
    pair(t("call.outcome"), code("call_outcome", call.outcome ?? "going_on")),
    pair(t("call.rings"), call.rings),
    pair(t("call.wait"), seconds),
    pair(t("call.recording"), call.recording)));
}

function drawOrder(id) {
  const title = t("order.title", { id });
  const found = orders.get(id);
  if (!found) return card("box", title, h("p", { class: "loading" }, t("loading")));
  if (found.failure) {
    return card("box", title, h("p", { class: "soft" }, found.failure.status === 404
      ? t("order.unknown") : explain(found.failure)));
  }
  const { order } = found;
  return card("box", title,
    h("p", { class: "order-line" }, h("span", { class: "status", data: { status: order.state } },
      code("milestone", order.state)), h("span", { class: "soft" }, marketName(order.market))),
    drawExceptions(order.exceptions ?? []),
    drawMilestones(order.milestones ?? []),
    (order.parcels ?? []).map((parcel) => drawParcel(parcel, id)),
    drawNotices(order.notices ?? []));
}

function drawExceptions(exceptions) {
  const sorted = [...exceptions].sort((a, b) => Boolean(a.closed_at) - Boolean(b.closed_at));
  return sorted.map((item) => h("div", { class: "exception", data: { open: String(!item.closed_at) } },
    icon(item.closed_at ? "check" : "alert"),
    h("div", {},
      h("strong", {}, code("exception", item.class)),
      h("p", {}, item.reason ? code("reason", item.reason) : t("order.no_reason")),
      h("p", { class: "soft" }, [
        item.since && t("order.since", { when: dateTime(item.since) }),
        item.closed_at ? t("order.closed", { when: dateTime(item.closed_at) })
          : item.expected_at ? t("order.expected", { when: bothTimes(item.expected_at,
            state.ticket.zone) }) : t("order.no_expected"),
      ].filter(Boolean).join(" · ")))));
}

// What was reached, and what of the usual way is still to come.
function drawMilestones(milestones) {
  const reached = new Map(milestones.map((item) => [item.name, item.at]));
  const furthest = Math.max(-1, ...PATH.map((name, n) => (reached.has(name) ? n : -1)));
  const isEnded = reached.has("cancelled") || reached.has("returned");
  const steps = [
    ...PATH.filter((name, n) => reached.has(name) || (n > furthest && !isEnded)),
    ...[...reached.keys()].filter((name) => !PATH.includes(name)),
  ];
  return h("ol", { class: "milestones" }, steps.map((name) => {
    const at = reached.get(name);
    return h("li", { data: { reached: String(reached.has(name)) } },
      h("span", {}, code("milestone", name)),
      at ? h("time", { datetime: at, title: bothTimes(at, state.ticket.zone) }, dateTime(at))
        : h("span", { class: "unseen" }, t("order.to_come")));
  }));
}

function drawParcel(parcel, orderId) {
  const events = (parcel.events ?? []).slice(-EVENTS_MAX);
  const number = parcel.tracking_number;
  const key = `${orderId} ${parcel.parcel_id}`;
  return h("div", { class: "parcel" },
    h("div", { class: "parcel-head" },
      h("strong", {}, t("order.parcel", { id: parcel.parcel_id })),
      h("span", { class: "soft" }, code("milestone", parcel.state))),
    number && h("p", { class: "tracking" }, h("bdi", { class: "mono" }, number),
      iconButton("copy", t("order.copy"), () => copy(number))),
    events.length > 0 && h("details", { open: unfolded.has(key), ontoggle: (event) => {
      if (event.target.open) unfolded.add(key);
      else unfolded.delete(key);
    } },
      h("summary", {}, t("order.events", { n: events.length })),
      h("ul", { class: "events" }, events.map((event) => h("li", {},
        h("time", { datetime: event.at ?? event.occurred_at, title: fullTime(event.at
          ?? event.occurred_at) }, dateTime(event.at ?? event.occurred_at)),
        h("span", {}, [factOf(event), event.location, code("reason", event.reason)]
          .filter(Boolean).join(" · ")))))));
}

// "seadesk.parcel.customs_held.v1" or just "customs_held", in words.
function factOf({ type, name }) {
  return code("fact", (type ?? name ?? "").replace(/^seadesk\.\w+\./, "").replace(/\.v\d+$/, ""));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("not_copied"), "error");
  }
}

function drawNotices(notices) {
  if (!notices.length) return null;
  return h("div", { class: "notices" }, h("h4", {}, t("order.notices")),
    h("ul", {}, notices.map(({ about, delivery }) => {
      const { state: how, reason, release_at: release } = typeof delivery === "string"
        ? { state: delivery } : delivery ?? { state: "drafted" };
      const why = [code("reason", reason), how === "held" && release
        && t("delivery.release", { when: bothTimes(release, state.ticket.zone) })];
      return h("li", {}, h("span", {}, code("notice", about)),
        h("span", { class: "badge", data: { delivery: how } }, code("delivery", how)),
        why.some(Boolean) && h("p", { class: "soft" }, why.filter(Boolean).join(" · ")));
    })));
}

function drawFacts(ticket) {
  const tags = Object.entries(ticket.tags ?? {}).filter(([, value]) => value);
  return card("info", t("info.ticket"), h("dl", {},
    pair(t("ticket.opened"), fullTime(ticket.opened_at)),
    pair(t("list.queue"), ticket.queue),
    pair(t("list.channel"), code("channel", ticket.channel)),
    tags.length ? pair(t("ticket.tags"), h("span", { class: "stack" }, tags.map(([name, value]) =>
      h("span", { class: "tag" }, `${code("tag", name)}: ${code(`tag_${name}`, value)}`)))) : [],
    pair(t("ticket.version"), String(ticket.version ?? "")),
    pair(t("ticket.id"), h("span", { class: "id-line" }, h("bdi", { class: "mono" }, ticket.id),
      iconButton("copy", t("ticket.copy_id"), () => copy(ticket.id))))));
}
