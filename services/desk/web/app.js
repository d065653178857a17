// The agents' page: starts the panes, follows the address (#/t/<ticket>) and the desk's live events.
import { get, part } from "./api.js";
import { openComposer } from "./composer.js";
import { openConversation, showFailure } from "./conversation.js";
import { openDetails, readOrders, showsOrder } from "./details.js";
import { announce, byId, h, icon, iconButton } from "./dom.js";
import { code, language, LANGUAGES, loadLanguage, switchLanguage, t } from "./i18n.js";
import { openHelp, openKeys } from "./keys.js";
import { applyTheme, nextTheme } from "./prefs.js";
import { openSession, presenceParts, resumePresence } from "./session.js";
import { emit, on, state } from "./state.js";
import { closeStream, isStreamOpen, openStream } from "./stream.js";
import { openTickets, readTickets } from "./tickets.js";
import { startTicking } from "./time.js";

const LIST_EVERY_MS = 1500;   // events come in bursts: a reading at most this often
const HIDDEN_EVERY_MS = 15000; // in a tab that nobody looks at
const TICKET_EVERY_MS = 250;
const POLL_MS = 60000;        // in case an event was missed
const ANNOUNCED_MAX = 200;

// Runs work now, or once the last run is everyMs ago (longer while the tab is hidden); never twice at a time.
function paced(work, everyMs) {
  let timer = 0;
  let isRunning = false;
  let isWanted = false;
  let last = -Infinity;
  async function run() {
    timer = 0;
    isRunning = true;
    isWanted = false;
    await work();
    last = performance.now();
    isRunning = false;
    if (isWanted) want();
  }
  function want() {
    isWanted = true;
    if (isRunning || timer) return;
    const pauseMs = document.hidden ? HIDDEN_EVERY_MS : everyMs;
    timer = setTimeout(run, Math.max(0, last + pauseMs - performance.now()));
  }
  return want;
}

const refreshList = paced(readTickets, LIST_EVERY_MS);
const refreshTicket = paced(readTicket, TICKET_EVERY_MS);
const refreshOrders = paced(() => readOrders(), LIST_EVERY_MS);

async function readTicket() {
  const id = state.openId;
  if (!id) return;
  try {
    const ticket = await get(`/tickets/${part(id)}`);
    if (state.openId === id) show(ticket);
  } catch (failure) {
    if (state.openId === id) showFailure(failure);
  }
}

// An answer that was overtaken by a newer one changes nothing.
function show(ticket) {
  const before = state.ticket?.id === ticket.id ? state.ticket : null;
  if (before && ticket.version < before.version) return;
  state.ticket = ticket;
  emit("ticket");
  if (before) tellNewMessage(before, ticket);
}

function tellNewMessage(before, ticket) {
  const known = new Set((before.messages ?? []).map((message) => message.event_id));
  const news = (ticket.messages ?? []).filter((message) => message.direction === "in"
    && !known.has(message.event_id));
  const last = news.at(-1);
  if (!last) return;
  emit("written");
  announce(t("live.message", { text: (last.text ?? "").slice(0, ANNOUNCED_MAX) }));
}

function follow() {
  const match = /^#\/t\/(.+)$/.exec(location.hash);
  const id = match ? decodeURIComponent(match[1]) : null;
  if (id === state.openId) {
    if (id) setPane("talk");
    return;
  }
  state.openId = id;
  state.ticket = null;
  emit("open", id);
  setPane(id ? "talk" : "list");
  if (id) refreshTicket();
}

function setPane(name) {
  byId("desk").dataset.pane = name;
  for (const button of byId("tabs").children) {
    button.setAttribute("aria-pressed", String(button.dataset.pane === name));
  }
}

function heard({ kind, ids }) {
  const orderIds = state.ticket?.order_ids ?? [];
  if (kind === "order" || orderIds.some((id) => ids.has(id))) {
    if ([...ids].some(showsOrder)) refreshOrders();
  }
  if (ids.has(state.openId) || namesShownMessage(ids)) refreshTicket();
  if (kind === "ticket" || kind === "message" || kind === "deadline") refreshList();
}

function namesShownMessage(ids) {
  return (state.ticket?.messages ?? []).some((message) => ids.has(message.event_id));
}

function readAll() {
  refreshList();
  refreshTicket();
  refreshOrders();
}

// A computer that slept may hold a dead connection for long: a fresh one reads everything again.
function awake() {
  if (document.hidden || document.body.dataset.phase !== "working") return;
  if (isStreamOpen()) readAll();
  else openStream();
}

function drawBar() {
  const [, otherName] = LANGUAGES.find(([tag]) => tag !== language());
  byId("bar-tools").replaceChildren(
    h("button", { type: "button", class: "icon-button word", id: "language", onclick: otherLanguage,
      "aria-label": t("bar.language"), title: t("bar.language") }, icon("globe"), otherName),
    iconButton("theme", themeWords(), otherTheme, { id: "theme" }),
    iconButton("help", t("keys.title"), openHelp, { id: "help-button" }),
    ...presenceParts());
  byId("tabs").replaceChildren(...[["list", "list", t("tabs.list")], ["talk", "chat", t("tabs.talk")],
    ["info", "info", t("tabs.info")]].map(([pane, shape, name]) => h("button", { type: "button",
    data: { pane }, "aria-pressed": String(pane === byId("desk").dataset.pane),
    onclick: () => setPane(pane) }, icon(shape), h("span", {}, name))));
}

function themeWords() {
  return t("bar.theme", { theme: code("theme", applyTheme()) });
}

function otherTheme() {
  nextTheme();
  const words = themeWords();
  byId("theme").title = words;
  byId("theme").setAttribute("aria-label", words);
  announce(words);
}

async function otherLanguage() {
  const [tag] = LANGUAGES.find(([own]) => own !== language());
  await switchLanguage(tag);
  drawBar();
  emit("language");
  showLink(byId("link-state").dataset.state);
  byId("language").focus();
}

function showLink(how) {
  byId("link-state").dataset.state = how;
  byId("link-text").textContent = code("link", how);
}

async function work() {
  document.body.dataset.phase = "working";
  await resumePresence();
  if (document.body.dataset.phase !== "working") return;
  openStream();
  readAll();
}

function listen() {
  on("stream", heard);
  on("stream-reset", readAll);
  on("link", (how) => {
    showLink(how);
    if (how === "lost") refreshList(); // tells a lost session from a lost connection
  });
  on("signed-out", closeStream);
  on("signed-in", work);
  on("done", ({ answer }) => {
    if (answer?.messages && answer.id === state.openId) show(answer);
    else refreshTicket();
    refreshList();
  });
  on("reread", refreshTicket);
  on("pane", setPane);
  on("pane-toggle", () => setPane(byId("desk").dataset.pane === "info" ? "talk" : "info"));
  on("news", (count) => {
    document.title = count ? `(${count}) Seadesk` : "Seadesk";
  });
  on("next-theme", otherTheme);
  on("next-language", otherLanguage);
  addEventListener("hashchange", follow);
  addEventListener("online", awake);
  document.addEventListener("visibilitychange", awake);
  byId("skip").addEventListener("click", () => byId("talk-pane").focus());
  setInterval(() => {
    if (!document.hidden && document.body.dataset.phase === "working") readAll();
  }, POLL_MS);
}

async function start() {
  applyTheme();
  await loadLanguage();
  openSession();
  drawBar();
  openTickets(byId("list-pane"));
  openComposer(openConversation(byId("talk-pane")));
  openDetails(byId("info-pane"));
  openKeys();
  startTicking();
  listen();
  showLink("connecting");
  follow();
  await work();
}

start();
