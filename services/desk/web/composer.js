// Everything an agent can do with the open ticket: reply, note, resolve, transfer, snooze, meet by video, take.
// Each command ends with one clear answer: done, refused and why, or not confirmed and safe to try again.
import { ApiError, explain, makeCommand, UNCONFIRMED } from "./api.js";
import { announce, byId, h, icon, toast } from "./dom.js";
import { code, language, languageName, marketName, sameLanguage, t } from "./i18n.js";
import { recall, remember } from "./prefs.js";
import { emit, isMine, known, on, state } from "./state.js";
import { bothTimes, HOUR, now, tomorrowAt, toInput } from "./time.js";
import { tellTyping } from "./typing.js";

const MODES = ["reply", "note", "resolve", "transfer", "snooze", "video"];
const ICONS = { reply: "send", note: "note", resolve: "check", transfer: "transfer", snooze: "clock",
  video: "video" };
const TEXT_MAX = 16000;
const DRAFTS_MAX = 50;
const MORNING_HOUR = 9;
const WRITING = ["en", "zh-CN", "ar", "de", "es", "fr", "id", "ja", "ko", "pt-BR", "th", "tr", "vi"];
const TAGS = {
  issue: ["address", "customs", "delivery", "payment", "product", "refund", "size", "other"],
  emotion: ["positive", "neutral", "worried", "angry"],
  stage: ["browse", "pay", "transit", "received", "after_sales"],
  product_version: [],
};

let box;
let parts = {};
const drafts = new Map(); // ticket id → what was begun there

function draftOf(id) {
  let draft = drafts.get(id);
  if (!draft) {
    draft = { mode: "reply", reply: "", note: "", to: "", until: "", at: "", tags: {}, channel: "",
      busy: "", notice: null };
  }
  drafts.delete(id);
  drafts.set(id, draft);
  for (const [oldest, old] of drafts) {
    if (drafts.size <= DRAFTS_MAX) break;
    if (!old.busy && oldest !== id) drafts.delete(oldest);
  }
  return draft;
}

export function openComposer(element) {
  box = element;
  on("open", draw);
  on("language", draw);
  on("leaving", () => drafts.clear());
  on("ticket", () => (box.dataset.ticket === state.ticket.id ? update() : draw()));
  addEventListener("beforeunload", (event) => {
    const begun = [...drafts.values()].some((draft) => draft.reply || draft.note || draft.busy);
    if (begun) event.preventDefault();
  });
}

export function setMode(mode) {
  if (!state.ticket) return;
  draftOf(state.ticket.id).mode = mode;
  draw();
  (box.querySelector(".mode-fields textarea, .mode-fields input") ?? parts.submit).focus();
}

// Puts the words of a message that didn't go out back into the reply.
export function resendText(text) {
  draftOf(state.ticket.id).reply = text;
  setMode("reply");
}

function draw() {
  const ticket = state.ticket;
  box.dataset.ticket = ticket?.id ?? "";
  if (!ticket) {
    box.replaceChildren();
    return;
  }
  const draft = draftOf(ticket.id);
  parts = { notice: h("div", { class: "notice-place" }), submit: submitButton(draft.mode) };
  const form = h("form", { class: "compose", novalidate: true, onsubmit: submit },
    drawModes(draft), parts.notice, drawFields(draft, ticket));
  box.replaceChildren(form);
  update();
}

function drawModes(draft) {
  return h("div", { class: "modes", role: "group", "aria-label": t("act.title") },
    MODES.map((mode) => h("button", { type: "button", data: { mode },
      "aria-pressed": String(mode === draft.mode), onclick: () => setMode(mode) },
    icon(ICONS[mode]), h("span", {}, modeName(mode)))));
}

function modeName(mode) {
  const names = { reply: t("act.reply"), note: t("act.note"), resolve: t("act.resolve"),
    transfer: t("act.transfer"), snooze: t("act.snooze"), video: t("act.video") };
  return names[mode];
}

function submitButton(mode) {
  const names = { reply: t("do.reply"), note: t("do.note"), resolve: t("do.resolve"),
    transfer: t("do.transfer"), snooze: t("do.snooze"), video: t("do.video") };
  return h("button", { type: "submit", class: "primary", id: "submit" }, icon(ICONS[mode]),
    h("span", {}, names[mode]));
}

function drawFields(draft, ticket) {
  const drawers = { reply: replyFields, note: noteFields, resolve: resolveFields,
    transfer: transferFields, snooze: snoozeFields, video: videoFields };
  return h("div", { class: "mode-fields", data: { mode: draft.mode } },
    ...drawers[draft.mode](draft, ticket));
}

function textArea(draft, name, label) {
  return h("textarea", { id: "text", rows: "3", maxlength: TEXT_MAX, dir: "auto",
    placeholder: label, "aria-label": label, "aria-keyshortcuts": "Control+Enter",
    value: draft[name], oninput: (event) => {
      draft[name] = event.target.value;
      if (name === "reply" && !draft.channel) tellTyping(state.ticket);
    } });
}

function select(id, label, options, value, onchange) {
  return h("label", { class: "field inline" }, h("span", {}, label),
    h("select", { id, onchange: (event) => onchange(event.target.value) },
      options.map(([option, text]) => {
        const element = h("option", { value: option }, text);
        element.selected = option === value;
        return element;
      })));
}

function writingLanguage() {
  return recall("writing", language());
}

function replyFields(draft, ticket) {
  const tags = [...new Set([writingLanguage(), ticket.language, ...WRITING])].filter(Boolean);
  const channels = new Set([...(ticket.messages ?? []).map((message) => message.channel),
    ...(ticket.customer?.channels ?? []).map((contact) => contact.channel)]);
  parts.hint = h("p", { class: "hint", id: "reply-hint" });
  return [
    textArea(draft, "reply", t("reply.placeholder")),
    parts.hint,
    h("div", { class: "compose-row" },
      select("reply-language", t("reply.language"), tags.map((tag) => [tag, languageName(tag)]),
        writingLanguage(), (value) => {
          remember("writing", value);
          update();
        }),
      select("reply-channel", t("reply.channel"), [["", code("channel", ticket.channel)],
        ...[...channels].filter((name) => name && name !== ticket.channel)
          .map((name) => [name, code("channel", name)])], draft.channel, (value) => {
        draft.channel = value;
      }),
      parts.submit),
  ];
}

function noteFields(draft) {
  return [
    textArea(draft, "note", t("note.placeholder")),
    h("div", { class: "compose-row" }, h("p", { class: "hint" }, t("note.hint")), parts.submit),
  ];
}

function resolveFields(draft, ticket) {
  draft.tags = { ...ticket.tags, ...draft.tags };
  const field = (name, label) => h("label", { class: "field" }, h("span", {}, label),
    h("input", { id: `tag-${name}`, list: `tags-${name}`, maxlength: 100, value: draft.tags[name]
      ?? "", autocomplete: "off", oninput: (event) => {
      draft.tags[name] = event.target.value.trim();
    } }),
    h("datalist", { id: `tags-${name}` }, TAGS[name].map((value) => h("option", { value },
      code(`tag_${name}`, value)))));
  return [
    h("div", { class: "compose-grid" },
      field("issue", t("tag.issue")), field("emotion", t("tag.emotion")),
      field("product_version", t("tag.product_version")), field("stage", t("tag.stage"))),
    h("div", { class: "compose-row" }, h("p", { class: "hint" }, t("resolve.hint")), parts.submit),
  ];
}

function transferFields(draft) {
  const targets = [...[...known.queues].map((name) => `queue:${name}`), ...known.agents].sort();
  return [
    h("div", { class: "compose-grid" }, h("label", { class: "field" },
      h("span", {}, t("transfer.to")),
      h("input", { id: "transfer-to", list: "transfer-targets", maxlength: 200, value: draft.to,
        autocomplete: "off", spellcheck: "false", placeholder: "queue:…",
        oninput: (event) => {
          draft.to = event.target.value.trim();
        } }),
      h("datalist", { id: "transfer-targets" }, targets.map((value) => h("option", { value }))))),
    h("div", { class: "compose-row" }, h("p", { class: "hint" }, t("transfer.hint")), parts.submit),
  ];
}

function snoozeFields(draft, ticket) {
  return timeFields(draft, ticket, "until", "snooze-until", t("snooze.until"));
}

function videoFields(draft, ticket) {
  return timeFields(draft, ticket, "at", "video-at", t("video.at"));
}

// A time to come: draft[name].
function timeFields(draft, { zone }, name, id, label) {
  const field = h("input", { type: "datetime-local", id, value: draft[name],
    min: toInput(now()), oninput: (event) => set(event.target.value) });
  const hint = h("p", { class: "hint" });
  const set = (value) => {
    draft[name] = value;
    field.value = value;
    const ms = Date.parse(value);
    hint.textContent = Number.isNaN(ms) ? t("snooze.hint") : bothTimes(ms, zone);
  };
  set(draft[name]);
  const preset = (words, ms) => h("button", { type: "button", onclick: () => set(toInput(ms)) }, words);
  return [
    h("div", { class: "presets" },
      preset(t("snooze.hours", { n: 1 }), now() + HOUR),
      preset(t("snooze.hours", { n: 4 }), now() + 4 * HOUR),
      preset(t("snooze.tomorrow"), tomorrowAt(MORNING_HOUR)),
      zone && preset(t("snooze.tomorrow_there"), tomorrowAt(MORNING_HOUR, zone))),
    h("div", { class: "compose-row" }, h("label", { class: "field inline" },
      h("span", {}, label), field), hint, parts.submit),
  ];
}

// What changes while the fields stay: the hint, what is under way, what was answered.
function update() {
  const ticket = state.ticket;
  if (!ticket || !parts.notice) return;
  const draft = draftOf(ticket.id);
  if (parts.hint) parts.hint.textContent = replyHint(ticket);
  parts.submit.disabled = Boolean(draft.busy);
  box.setAttribute("aria-busy", String(Boolean(draft.busy)));
  for (const field of box.querySelectorAll(".mode-fields textarea, .mode-fields input")) {
    field.disabled = Boolean(draft.busy);
  }
  const takeButton = byId("take");
  if (takeButton) takeButton.disabled = Boolean(draft.busy);
  showNotice(draft);
}

function replyHint(ticket) {
  if (ticket.assignee && !isMine(ticket)) return t("reply.not_yours", { name: ticket.assignee });
  if (!ticket.language) return t("reply.unknown_language");
  const name = languageName(ticket.language);
  return sameLanguage(ticket.language, writingLanguage())
    ? t("reply.as_written", { language: name })
    : t("reply.translated", { language: name, market: marketName(ticket.market) });
}

function showNotice(draft) {
  const { notice } = draft;
  if (!notice) {
    parts.notice.replaceChildren();
    return;
  }
  if (parts.notice.notice === notice && parts.notice.hasChildNodes()) return;
  parts.notice.notice = notice;
  const dismiss = () => {
    draft.notice = null;
    update();
  };
  parts.notice.replaceChildren(h("div", { class: "notice", role: notice.kind === "error" ? "alert"
    : "status", data: { kind: notice.kind, status: notice.status } },
  icon(notice.kind === "error" ? "alert" : "clock"), h("p", {}, notice.text),
  notice.again && h("button", { type: "button", onclick: notice.again }, notice.againLabel),
  notice.kind === "error" && h("button", { type: "button", class: "plain", onclick: dismiss },
    t("dismiss"))));
}

export function submitNow() {
  box.querySelector("form")?.requestSubmit();
}

function submit(event) {
  event.preventDefault();
  const draft = draftOf(state.ticket.id);
  if (draft.busy) return;
  const fields = fieldsOf(draft);
  if (typeof fields === "string") {
    draft.notice = { kind: "error", text: fields };
    update();
    return;
  }
  perform(draft.mode, fields);
}

// The command's fields, or what is missing.
function fieldsOf(draft) {
  if (draft.mode === "reply") {
    if (!draft.reply.trim()) return t("missing.text");
    return { text: draft.reply, language: writingLanguage(), ...(draft.channel
      && { channel: draft.channel }) };
  }
  if (draft.mode === "note") return draft.note.trim() ? { text: draft.note } : t("missing.text");
  if (draft.mode === "transfer") return draft.to ? { to: draft.to } : t("missing.to");
  if (draft.mode === "resolve") {
    return { tags: Object.fromEntries(Object.entries(draft.tags).filter(([, value]) => value)) };
  }
  const name = draft.mode === "video" ? "at" : "until";
  const time = Date.parse(draft[name]);
  if (Number.isNaN(time) || time <= now()) return t("missing.until");
  return { [name]: new Date(time).toISOString() };
}

export function take() {
  if (state.ticket) perform("take", {});
}

function perform(verb, fields) {
  const { id, version } = state.ticket;
  carryOut(id, verb, fields, makeCommand(id, verb, fields, version));
}

async function carryOut(id, verb, fields, command) {
  const draft = draftOf(id);
  if (draft.busy) return;
  const hadFocus = box.contains(document.activeElement);
  draft.busy = verb;
  draft.notice = null;
  update();
  try {
    const answer = await command.run(() => {
      draft.notice = { kind: "waiting", status: "202", text: t("waiting") };
      update();
    });
    draft.busy = "";
    draft.notice = null;
    forget(draft, verb);
    announce(doneWords(verb));
    emit("done", { id, answer });
  } catch (error) {
    draft.busy = "";
    draft.notice = noticeOf(error, { id, verb, fields, command });
    if (state.openId !== id) toast(explain(error), "error");
    if (error.status === 409 || error.status === 412) emit("reread");
  }
  if (state.ticket?.id !== id) return;
  if (draft.notice) update();
  else draw();
  if (hadFocus && (document.activeElement === document.body)) byId("text")?.focus();
}

function forget(draft, verb) {
  if (verb === "reply" || verb === "note") draft[verb] = "";
  if (verb === "transfer") draft.to = "";
  if (verb === "snooze") draft.until = "";
  if (verb === "video") draft.at = "";
  if (verb === "resolve") draft.tags = {};
  if (verb !== "take") draft.mode = "reply";
}

function doneWords(verb) {
  const words = { take: t("done.take"), reply: t("done.reply"), note: t("done.note"),
    resolve: t("done.resolve"), transfer: t("done.transfer"), snooze: t("done.snooze"),
    video: t("done.video") };
  return words[verb];
}

function noticeOf(error, { id, verb, fields, command }) {
  const notice = { kind: "error", status: String(error.status ?? ""), text: explain(error) };
  if (!(error instanceof ApiError)) return notice;
  if (error.status === 412) {
    notice.againLabel = t("again.version");
    notice.again = () => perform(verb, fields);
  } else if (error.status === 401 || error.kind === UNCONFIRMED || error.status >= 500) {
    notice.againLabel = t("again.same");
    notice.again = () => carryOut(id, verb, fields, command);
  }
  return notice;
}
