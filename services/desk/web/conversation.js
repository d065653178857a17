// Middle pane: the open ticket's head and its conversation, with translations, delivery and decisions.
import { explain, get, part } from "./api.js";
import { resendText, take } from "./composer.js";
import { byId, h, icon, iconButton, reconcile } from "./dom.js";
import { code, language, languageName, t } from "./i18n.js";
import { recall, remember } from "./prefs.js";
import { emit, isMine, on, state } from "./state.js";
import { countdown, pressingClock, priorityBand, titleOf } from "./ticket.js";
import { bothTimes, dateTime, dayKey, dayName, fullTime, hourMinute, now, tick } from "./time.js";
import { typingLine } from "./typing.js";

const WINDOW = 60;   // entries of the conversation shown at once
const WINDOW_STEP = 40;
const AT_END_PX = 60;
const TEXT_VIEWS = ["both", "translation", "original"];

let pane;
let parts = {};
let texts = TEXT_VIEWS.includes(recall("texts", "")) ? recall("texts", "") : "both";
let end = 0;          // entries after this one are beyond the window; 0 = it ends with the newest
let isRead = false;   // the open ticket's first reading is on screen
let isFollowing = true; // the newest entry is in sight and stays so
let judged = "";      // the sizes at which that was last known
const unfolded = new Set(); // messages whose other text was asked for

export function openConversation(element) {
  pane = element;
  parts.head = h("header", { class: "talk-head", id: "talk-head" });
  parts.log = h("ol", { class: "log", id: "log" });
  parts.older = h("button", { type: "button", class: "window-step", onclick: () => slide(-1) });
  parts.newer = h("button", { type: "button", class: "window-step", onclick: () => slide(1) });
  parts.scroll = h("div", { class: "scroll talk-scroll", id: "talk-scroll", tabindex: "0" },
    parts.older, parts.log, parts.newer);
  parts.down = h("button", { type: "button", class: "to-end", hidden: true, onclick: toEnd });
  parts.blank = h("div", { class: "blank" });
  parts.body = h("div", { class: "talk-body" }, parts.scroll, parts.down);
  parts.composer = h("div", { class: "composer", id: "composer" });
  pane.replaceChildren(parts.blank, parts.head, parts.body, typingLine(), parts.composer);
  parts.scroll.addEventListener("scroll", () => {
    if (sizes() !== judged) return; // moved by a change of layout, not by the reader
    isFollowing = isAtEnd() && !end;
    if (isFollowing) parts.down.hidden = true;
  });
  const watcher = new ResizeObserver(keepAtEnd);
  watcher.observe(parts.scroll);
  watcher.observe(parts.log);
  on("open", () => {
    end = 0;
    isRead = false;
    isFollowing = true;
    unfolded.clear();
    parts.log.replaceChildren();
    draw();
  });
  on("ticket", draw);
  on("language", () => {
    parts.log.replaceChildren();
    draw();
  });
  draw();
  return parts.composer;
}

function draw(failure) {
  const ticket = state.ticket;
  pane.dataset.has = ticket ? "ticket" : "nothing";
  parts.older.textContent = t("talk.older");
  parts.newer.textContent = t("talk.newer");
  parts.down.replaceChildren(icon("down"), t("talk.new_below"));
  if (!ticket) {
    parts.blank.replaceChildren(...blankWords(failure));
    return;
  }
  drawHead(ticket);
  drawLog(ticket);
}

function blankWords(failure) {
  if (failure) {
    return [icon("alert"), h("p", {}, explain(failure)),
      h("button", { type: "button", onclick: () => emit("reread") }, t("retry"))];
  }
  if (state.openId) return [h("p", { class: "loading" }, t("loading"))];
  return [icon("chat"), h("p", {}, t("talk.none")), h("p", { class: "soft" }, t("talk.none_hint"))];
}

export function showFailure(failure) {
  if (!state.ticket) draw(failure);
}

function drawHead(ticket) {
  const clock = pressingClock(ticket);
  const isTakeable = !isMine(ticket) || ticket.status === "offered";
  const isFree = !ticket.assignee || isMine(ticket);
  const isDone = ticket.status === "resolved" || ticket.status === "closed";
  const actions = h("div", { class: "head-actions" },
    isTakeable && !isDone && h("button", { type: "button", class: isFree ? "primary" : null, id: "take",
      onclick: take }, icon("hand"), t("act.take")),
    h("div", { class: "segments compact", role: "group", "aria-label": t("texts.title") },
      TEXT_VIEWS.map((name) => h("button", { type: "button", data: { texts: name },
        "aria-pressed": String(name === texts), onclick: () => setTexts(name) }, textsName(name)))),
    iconButton("info", t("info.title"), () => emit("pane-toggle"), { class: "icon-button to-info" }));
  const sign = JSON.stringify([language(), texts, isMine(ticket), { ...ticket, messages: 0, decisions: 0 }]);
  if (parts.head.sign === sign) return;
  parts.head.sign = sign;
  const fresh = h("div", { class: "head-in" },
    iconButton("back", t("tabs.list"), () => emit("pane", "list"), { class: "icon-button to-list" }),
    h("div", { class: "head-words" },
      h("h2", { dir: "auto" }, titleOf(ticket)),
      h("p", { class: "head-line" },
        h("span", { class: "status", id: "ticket-status", data: { status: ticket.status } },
          code("status", ticket.status)),
        h("span", { class: "priority", data: { priority: priorityBand(ticket.priority) } },
          t("ticket.priority", { n: ticket.priority ?? "–" })),
        h("span", { class: "who", id: "ticket-assignee" }, isMine(ticket) ? t("ticket.you")
          : ticket.assignee ?? t("ticket.nobody")),
        clock && !isDone && countdown(clock),
        ticket.zone && h("time", { class: "soft", data: { zone: ticket.zone } }))),
    actions);
  const focused = parts.head.contains(document.activeElement) ? document.activeElement : null;
  parts.head.replaceChildren(fresh);
  if (focused) (focused.id && byId(focused.id)
    || parts.head.querySelector(`[data-texts="${focused.dataset.texts}"]`) || byId("talk-pane")).focus();
  tick(parts.head);
}

function textsName(name) {
  if (name === "both") return t("texts.both");
  return name === "translation" ? t("texts.translation") : t("texts.original");
}

function setTexts(name) {
  texts = name;
  remember("texts", name);
  unfolded.clear();
  draw();
}

export function nextTexts() {
  setTexts(TEXT_VIEWS[(TEXT_VIEWS.indexOf(texts) + 1) % TEXT_VIEWS.length]);
}

// Messages and decisions in the order of their times, with the days between them.
function entriesOf(ticket) {
  const timeOf = (message) => message.sent_at ?? message.received_at ?? message.routed_at;
  const entries = [
    ...(ticket.messages ?? []).map((message) => ({ key: `m-${message.event_id}`, message,
      at: timeOf(message) })),
    ...(ticket.decisions ?? []).map((decision, n) => ({
      key: `d-${decision.at}-${decision.what}-${n}`, decision, at: decision.at })),
  ];
  const ms = (entry) => Date.parse(entry.at ?? "") || now();
  return entries.sort((a, b) => ms(a) - ms(b));
}

function withDays(entries) {
  const all = [];
  let day = "";
  for (const entry of entries) {
    const own = dayKey(entry.at ?? now());
    if (own !== day) all.push({ key: `day-${own}`, day: entry.at ?? now() });
    day = own;
    all.push(entry);
  }
  return all;
}

function drawLog(ticket) {
  const entries = entriesOf(ticket);
  const stop = end || entries.length;
  const start = Math.max(0, stop - WINDOW);
  const before = parts.log.lastElementChild?.dataset.key;
  parts.older.hidden = start === 0;
  parts.newer.hidden = stop >= entries.length;
  reconcile(parts.log, withDays(entries.slice(start, stop)), (entry) => entry.key,
    (entry) => JSON.stringify([entry, texts, unfolded.has(entry.key), ticket.zone]), drawEntry);
  tick(parts.log);
  keepAtEnd();
  if (isRead && !isFollowing && !end && before !== parts.log.lastElementChild?.dataset.key) {
    parts.down.hidden = false;
  }
  isRead = true;
}

function slide(direction) {
  const total = entriesOf(state.ticket).length;
  const anchor = [...parts.log.querySelectorAll(".message")].at(direction < 0 ? 0 : -1);
  const next = (end || total) + direction * WINDOW_STEP;
  end = next >= total ? 0 : Math.max(next, Math.min(WINDOW, total));
  isFollowing = false;
  drawLog(state.ticket);
  anchor?.scrollIntoView({ block: direction < 0 ? "start" : "end" });
}

function sizes() {
  return `${parts.scroll.scrollHeight} ${parts.scroll.clientHeight}`;
}

function keepAtEnd() {
  judged = sizes();
  if (isFollowing) toEnd();
}

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = parts.scroll;
  return scrollHeight - scrollTop - clientHeight < AT_END_PX;
}

function toEnd() {
  if (end) {
    end = 0;
    drawLog(state.ticket);
  }
  isFollowing = true;
  parts.scroll.scrollTop = parts.scroll.scrollHeight;
  parts.down.hidden = true;
}

function drawEntry(entry) {
  if (entry.day) return h("li", { class: "day" }, h("span", {}, dayName(entry.day)));
  if (entry.decision) return drawDecision(entry.decision);
  return drawMessage(entry.message, entry.key);
}

function drawDecision({ at, by, what, reason }) {
  const words = [code("decision", what), by && t("talk.by", { name: by }), code("reason", reason)];
  return h("li", { class: "decision" },
    h("time", { datetime: at, title: bothTimes(at, state.ticket.zone) }, hourMinute(at)),
    h("span", { dir: "auto" }, words.filter(Boolean).join(" · ")));
}

function drawMessage(message, key) {
  const way = ["in", "out", "note"].includes(message.direction) ? message.direction : "in";
  return h("li", { class: "message", data: { way, eventId: message.event_id,
    translation: message.translation?.state ?? "none" } },
    h("div", { class: "message-head" },
      h("span", { class: "from" }, fromWhom(way)),
      way !== "note" && h("span", {}, code("channel", message.channel)),
      message.language && h("span", {}, languageName(message.language)),
      h("time", { datetime: message.sent_at, title: fullTime(message.sent_at) + (state.ticket.zone
        ? ` · ${fullTime(message.sent_at, state.ticket.zone)}` : "") },
      hourMinute(message.sent_at ?? message.received_at)),
      message.event_id && iconButton("story", t("story.open"), () => openStory(message.event_id))),
    h("div", { class: "bubble" }, ...drawTexts(message, key, way), drawAttachments(message)),
    way === "out" && drawDelivery(message));
}

// An address that a customer sent is nothing to click on; a download from here is.
function drawAttachments({ attachments }) {
  if (!attachments?.length) return null;
  return h("ul", { class: "attachments" }, attachments.map(drawAttachment));
}

function drawAttachment({ name, mime, size, state: stage, download }) {
  const stages = { pending: t("attachment.pending"), failed: t("attachment.failed"), refused: t("attachment.refused") };
  const words = [name ?? t("attachment.unnamed"), mime, size && t("attachment.size", { n: Math.ceil(size / 1024) }),
    stages[stage]].filter(Boolean).join(" · ");
  return h("li", { dir: "auto" }, download ? h("a", { href: download, download: "" }, words) : words);
}

function fromWhom(way) {
  if (way === "in") return t("from.customer");
  return way === "out" ? t("from.desk") : t("from.note");
}

// The words to read first, the others below or behind a button, and how the translation stands.
function drawTexts(message, key, way) {
  const { translation } = message;
  const translationState = translation?.state ?? "none";
  const own = { text: message.text, language: message.language, kind: "original" };
  const other = translationState === "done"
    ? { text: translation.text, language: translation.language, kind: "translation" } : null;
  const span = message.delivery?.state === "blocked" ? message.delivery.span : null;
  if (!other) return [paragraph(own, "main", span), translationNote(translationState)];
  const isOwnFirst = texts === "original" || (way === "out" && texts === "both");
  const [first, second] = isOwnFirst ? [own, other] : [other, own];
  const isUnfolded = texts === "both" || unfolded.has(key);
  return [
    paragraph(first, "main", first === own ? span : null),
    isUnfolded
      ? h("div", { class: "other" }, h("p", { class: "text-label" }, labelOf(second, way)),
        paragraph(second, "second", second === own ? span : null))
      : h("button", { type: "button", class: "plain unfold", onclick: () => {
        unfolded.add(key);
        draw();
      } }, second === own ? t("texts.show_original") : t("texts.show_translation")),
    h("p", { class: "engine" }, engineOf(translation)),
  ];
}

function paragraph({ text, language, kind }, rank, span) {
  return h("p", { class: `text ${rank}`, dir: "auto", lang: language, data: { kind } },
    span ? marked(text ?? "", span) : text ?? "");
}

// A span counts bytes of UTF-8.
function marked(text, [from, to]) {
  const bytes = new TextEncoder().encode(text);
  const piece = (a, b) => new TextDecoder().decode(bytes.slice(a, b));
  return [piece(0, from), h("mark", {}, piece(from, to)), piece(to, bytes.length)];
}

function labelOf({ kind, language }, way) {
  const name = languageName(language);
  if (kind === "original") return t("texts.label_original", { language: name });
  return way === "out" ? t("texts.label_out", { language: name })
    : t("texts.label_in", { language: name });
}

function engineOf({ machine, engine, quality }) {
  const words = [machine ? t("texts.machine") : t("texts.human"), engine];
  if (quality) words.push(t("texts.quality", { n: Math.round(quality * 100) }));
  return words.filter(Boolean).join(" · ");
}

function translationNote(translationState) {
  if (translationState === "none" || translationState === "done") return null;
  return h("p", { class: "translation-note", data: { translation: translationState } },
    code("translation", translationState));
}

const AGAIN = new Set(["blocked", "failed", "dropped", "returned", "uncertain"]);

function drawDelivery(message) {
  const delivery = message.delivery ?? { state: "drafted" };
  const zone = state.ticket.zone;
  return h("div", { class: "delivery", data: { delivery: delivery.state } },
    h("span", { class: "badge", data: { delivery: delivery.state },
      title: delivery.at ? bothTimes(delivery.at, zone) : null }, code("delivery", delivery.state)),
    delivery.channel && delivery.channel !== message.channel
      && h("span", {}, t("delivery.via", { channel: code("channel", delivery.channel) })),
    delivery.at && h("time", { datetime: delivery.at }, dateTime(delivery.at)),
    delivery.reason && h("span", { class: "reason" }, code("reason", delivery.reason)),
    delivery.state === "held" && h("span", { class: "release" }, delivery.release_at
      ? t("delivery.release", { when: bothTimes(delivery.release_at, zone) })
      : t("delivery.release_person")),
    delivery.state === "uncertain" && h("span", { class: "reason" }, t("delivery.uncertain_hint")),
    AGAIN.has(delivery.state) && h("button", { type: "button", class: "plain",
      onclick: () => resendText(message.text) }, icon("edit"), t("delivery.edit")));
}

// Where an event went, step by step.
async function openStory(eventId) {
  const dialog = byId("story");
  const body = h("div", { class: "story-body" }, t("loading"));
  dialog.replaceChildren(
    h("div", { class: "sheet-head" }, h("h2", { id: "story-title" }, t("story.title")),
      iconButton("close", t("close"), () => dialog.close())),
    h("p", { class: "soft mono" }, eventId), body);
  dialog.showModal();
  try {
    const story = await get(`/events/${part(eventId)}`);
    body.replaceChildren(storyTable(story.steps ?? []));
  } catch (error) {
    body.replaceChildren(explain(error));
  }
}

function storyTable(steps) {
  const first = Date.parse(steps[0]?.at ?? "");
  const cell = (text, props) => h("td", props, text ?? "");
  return h("table", {},
    h("thead", {}, h("tr", {}, [t("story.at"), t("story.after"), t("story.service"), t("story.what"),
      t("story.record")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, steps.map((step) => h("tr", {},
      cell(fullTime(step.at)),
      cell(`${Date.parse(step.at) - first} ms`, { class: "number" }),
      cell(step.service), cell(step.what),
      cell(step.topic ? `${step.topic}/${step.partition}@${step.offset}` : "–", { class: "mono" })))));
}
