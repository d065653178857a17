// Left pane: the list of tickets, its views, filters and pages. One page is held at a time.
import { explain, get } from "./api.js";
import { announce, h, icon, iconButton, reconcile } from "./dom.js";
import { code, languageName, marketName, t } from "./i18n.js";
import { recall, remember } from "./prefs.js";
import { emit, isFinished, isMine, known, learn, on, state } from "./state.js";
import { countdown, pressingClock, priorityBand, titleOf } from "./ticket.js";
import { tick } from "./time.js";

const VIEWS = ["mine", "open", "all"];
const STATUSES = ["open", "offered", "assigned", "waiting", "snoozed", "resolved", "closed"];
const ROWS_MAX = 100;
const PAGES_MAX = 1000;
const TYPING_MS = 300;

const EMPTY = { status: "", queue: "", market: "", channel: "" };

let pane;
let parts = {};
let view = VIEWS.includes(recall("view", "")) ? recall("view", "") : "open";
let filters = { ...EMPTY, ...recall("filters", {}) };
let search = "";
let showFinished = recall("finished", false);
let cursors = [""];  // of the pages up to the one shown
let page = { items: [], next: null };
let failure = null;
let serial = 0;
const seen = new Map(); // ticket id → version that this agent has seen, for the rows shown

export function openTickets(element) {
  pane = element;
  draw();
  on("language", draw);
  on("ticket", showRows);
  on("open", (id) => {
    showRows();
    const row = page.items.find((item) => item.id === id);
    if (row) {
      seen.set(id, row.version);
      showRows();
    }
  });
}

function draw() {
  parts.search = h("input", { type: "search", id: "search", value: search, maxlength: 200,
    placeholder: t("list.search"), "aria-label": t("list.search"), oninput: typed,
    autocomplete: "off", spellcheck: "false" });
  parts.views = h("div", { class: "segments", role: "group", "aria-label": t("list.views") },
    VIEWS.map((name) => h("button", { type: "button", data: { view: name },
      onclick: () => setView(name) }, viewName(name))));
  parts.filterButton = iconButton("filter", t("list.filters"), toggleFilters,
    { "aria-expanded": "false", "aria-controls": "filters", id: "filter-button" });
  parts.filters = h("div", { class: "filters", id: "filters", hidden: recall("open", false) !== true });
  parts.rows = h("ul", { class: "rows", id: "rows" });
  parts.empty = h("div", { class: "empty", role: "status" });
  parts.pages = h("div", { class: "pages" });
  pane.replaceChildren(
    h("div", { class: "list-head" },
      h("div", { class: "search" }, icon("search"), parts.search, parts.filterButton),
      parts.views, parts.filters),
    h("div", { class: "scroll", id: "list-scroll" }, parts.rows, parts.empty, parts.pages));
  drawFilters();
  show();
}

function viewName(name) {
  if (name === "mine") return t("view.mine");
  return name === "open" ? t("view.open") : t("view.all");
}

function drawFilters() {
  const pick = (name, label, values, text) => h("label", { class: "field small" },
    h("span", {}, label),
    h("select", { data: { filter: name }, onchange: (event) => setFilter(name, event.target.value) },
      h("option", { value: "" }, t("list.any")),
      values.map((value) => {
        const option = h("option", { value }, text(value));
        option.selected = filters[name] === value;
        return option;
      })));
  const sorted = (names, chosen) => [...new Set([...names, chosen].filter(Boolean))].sort();
  const finished = h("input", { type: "checkbox", checked: showFinished, onchange: (event) => {
    showFinished = event.target.checked;
    remember("finished", showFinished);
    show();
  } });
  parts.filters.replaceChildren(
    pick("status", t("list.status"), STATUSES, (value) => code("status", value)),
    pick("queue", t("list.queue"), sorted(known.queues, filters.queue), (value) => value),
    pick("market", t("list.market"), sorted(known.markets, filters.market),
      (value) => `${value} · ${marketName(value)}`),
    pick("channel", t("list.channel"), sorted(known.channels, filters.channel),
      (value) => code("channel", value)),
    h("label", { class: "check" }, finished, h("span", {}, t("list.finished"))),
    h("button", { type: "button", class: "plain", onclick: clearFilters }, t("list.clear")));
  const count = Object.values(filters).filter(Boolean).length;
  parts.filterButton.dataset.count = count || "";
  parts.filterButton.setAttribute("aria-expanded", String(!parts.filters.hidden));
}

export function toggleFilters() {
  parts.filters.hidden = !parts.filters.hidden;
  remember("open", !parts.filters.hidden);
  parts.filterButton.setAttribute("aria-expanded", String(!parts.filters.hidden));
}

function setFilter(name, value) {
  filters[name] = value;
  remember("filters", filters);
  drawFilters();
  restart();
}

function clearFilters() {
  filters = { ...EMPTY };
  search = "";
  parts.search.value = "";
  remember("filters", filters);
  drawFilters();
  restart();
}

export function setView(name) {
  view = name;
  remember("view", view);
  restart();
}

let typing = 0;
function typed(event) {
  search = event.target.value.trim();
  clearTimeout(typing);
  typing = setTimeout(restart, TYPING_MS);
}

export function focusSearch() {
  parts.search.focus();
  parts.search.select();
}

function restart() {
  cursors = [""];
  seen.clear();
  parts.rows.replaceChildren();
  page = { items: [], next: null };
  return readTickets();
}

function query() {
  return { ...filters, status: filters.status || (view === "open" ? "open" : ""),
    assignee: view === "mine" ? "me" : "", q: search, cursor: cursors.at(-1) };
}

// Reads the page shown again.
export async function readTickets() {
  serial += 1;
  const mine = serial;
  pane.setAttribute("aria-busy", "true");
  try {
    const answer = await get("/tickets", query());
    if (mine !== serial) return;
    page = { items: (answer.items ?? []).slice(0, ROWS_MAX), next: answer.next ?? null };
    failure = null;
  } catch (error) {
    if (mine !== serial) return;
    failure = error;
  }
  pane.removeAttribute("aria-busy");
  const isNew = page.items.map(learn).some(Boolean);
  if (isNew && !pane.querySelector(".filters select:focus")) drawFilters();
  tellOffers();
  show();
}

const offered = new Set();
function tellOffers() {
  const offers = page.items.filter((item) => item.status === "offered" && isMine(item));
  for (const item of offers) {
    if (!offered.has(item.id)) announce(t("live.offered", { subject: titleOf(item) }));
  }
  offered.clear();
  offers.forEach((item) => offered.add(item.id));
}

function turn(isForward) {
  if (isForward && page.next && cursors.length < PAGES_MAX) cursors.push(page.next);
  else if (!isForward && cursors.length > 1) cursors.pop();
  seen.clear();
  pane.querySelector("#list-scroll").scrollTop = 0;
  readTickets();
}

function rowsShown() {
  if (showFinished || filters.status || search) return page.items;
  return page.items.filter((item) => !isFinished(item));
}

function show() {
  for (const button of parts.views.children) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  showRows();
  const rows = rowsShown();
  parts.empty.hidden = rows.length > 0 && !failure;
  parts.empty.replaceChildren(...emptyWords(rows));
  parts.pages.hidden = cursors.length === 1 && !page.next;
  parts.pages.replaceChildren(
    h("button", { type: "button", disabled: cursors.length === 1, onclick: () => turn(false) },
      icon("back"), t("list.previous")),
    h("span", {}, t("list.page", { n: cursors.length })),
    h("button", { type: "button", disabled: !page.next, onclick: () => turn(true) },
      t("list.next"), icon("next")));
}

function emptyWords(rows) {
  if (failure) {
    return [h("p", {}, explain(failure)),
      h("button", { type: "button", onclick: readTickets }, t("retry"))];
  }
  if (rows.length || serial === 0) return [];
  if (search || Object.values(filters).some(Boolean)) {
    return [h("p", {}, t("list.none_filtered")),
      h("button", { type: "button", onclick: clearFilters }, t("list.clear"))];
  }
  return [h("p", {}, view === "mine" ? t("list.none_mine") : t("list.none"))];
}

function showRows() {
  const rows = rowsShown();
  for (const item of rows) if (!seen.has(item.id)) seen.set(item.id, item.version);
  if (state.openId) {
    const open = rows.find((item) => item.id === state.openId);
    if (open && !document.hidden) seen.set(open.id, open.version);
  }
  const shown = new Set(rows.map((item) => item.id));
  for (const id of seen.keys()) if (!shown.has(id)) seen.delete(id);
  reconcile(parts.rows, rows, (item) => item.id,
    (item) => JSON.stringify([item, seen.get(item.id), item.id === state.openId, isMine(item)]), drawRow);
  tick(parts.rows);
  emit("news", rows.filter((item) => item.version > seen.get(item.id)).length);
}

function drawRow(item) {
  const isOpen = item.id === state.openId;
  const isNews = item.version > seen.get(item.id);
  const clock = isFinished(item) ? null : pressingClock(item);
  return h("li", { class: "row", data: { status: item.status, id: item.id } },
    h("a", { href: `#/t/${encodeURIComponent(item.id)}`, "aria-current": isOpen ? "true" : null,
      data: { priority: priorityBand(item.priority) } },
      h("div", { class: "row-top" },
        isNews && h("span", { class: "news", title: t("list.news") },
          h("span", { class: "unseen" }, t("list.news"))),
        h("strong", { class: "row-title", dir: "auto" }, titleOf(item)),
        clock && countdown(clock)),
      h("div", { class: "row-line" },
        h("span", { class: "market", title: marketName(item.market) }, item.market ?? "–"),
        h("span", {}, code("channel", item.channel)),
        item.language && h("span", { title: languageName(item.language) }, item.language),
        item.queue && h("span", { class: "queue" }, item.queue)),
      h("div", { class: "row-line" },
        h("span", { class: "status", data: { status: item.status } }, code("status", item.status)),
        h("span", { class: "who" }, isMine(item) ? t("ticket.you") : item.assignee ?? ""),
        h("time", { class: "age", datetime: item.opened_at, data: { ago: item.opened_at } }))));
}

// Moves the keyboard's focus among the rows.
export function moveInList(step) {
  const links = [...parts.rows.querySelectorAll("a")];
  if (!links.length) return;
  const at = links.findIndex((link) => link === document.activeElement
    || (!parts.rows.contains(document.activeElement) && link.hasAttribute("aria-current")));
  const to = at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1);
  links[to].focus();
  links[to].scrollIntoView({ block: "nearest" });
}
