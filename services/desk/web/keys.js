// Keyboard shortcuts: one table for what they do and for the overlay that explains them.
import { setMode, submitNow, take } from "./composer.js";
import { nextTexts } from "./conversation.js";
import { byId, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { recall, remember } from "./prefs.js";
import { nextPresence } from "./session.js";
import { focusSearch, moveInList, setView, toggleFilters } from "./tickets.js";
import { emit } from "./state.js";

// Group, keys as shown, key, what it does, its words. Single keys can be switched off in the overlay.
const SHORTCUTS = [
  ["list", "j", () => moveInList(1), () => t("key.down")],
  ["list", "k", () => moveInList(-1), () => t("key.up")],
  ["list", "Enter", null, () => t("key.open")],
  ["list", "/", focusSearch, () => t("key.search")],
  ["list", "f", toggleFilters, () => t("key.filters")],
  ["list", "1", () => setView("mine"), () => t("key.mine")],
  ["list", "2", () => setView("open"), () => t("key.waiting")],
  ["list", "3", () => setView("all"), () => t("key.all")],
  ["ticket", "t", take, () => t("key.take")],
  ["ticket", "r", () => setMode("reply"), () => t("key.reply")],
  ["ticket", "n", () => setMode("note"), () => t("key.note")],
  ["ticket", "e", () => setMode("resolve"), () => t("key.resolve")],
  ["ticket", "x", () => setMode("transfer"), () => t("key.transfer")],
  ["ticket", "v", () => setMode("video"), () => t("key.video")],
  ["ticket", "z", () => setMode("snooze"), () => t("key.snooze")],
  ["ticket", "o", nextTexts, () => t("key.texts")],
  ["ticket", "Ctrl + Enter", null, () => t("key.send")],
  ["page", "p", nextPresence, () => t("key.presence")],
  ["page", "d", () => emit("next-theme"), () => t("key.theme")],
  ["page", "l", () => emit("next-language"), () => t("key.language")],
  ["page", "?", openHelp, () => t("key.help")],
  ["page", "Esc", null, () => t("key.escape")],
];

export function openKeys() {
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (document.body.dataset.phase !== "working" || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    submitNow();
    return;
  }
  const isTyping = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && isTyping) event.target.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!recall("keys", true) && event.key !== "?") return;
  const found = SHORTCUTS.find(([, key, act]) => act && key === event.key);
  if (!found) return;
  event.preventDefault();
  found[2]();
}

export function openHelp() {
  const dialog = byId("help");
  const groups = { list: t("keys.list"), ticket: t("keys.ticket"), page: t("keys.page") };
  const table = (group) => h("section", {}, h("h3", {}, groups[group]), h("dl", { class: "keys" },
    SHORTCUTS.filter(([own]) => own === group).map(([, key, , words]) => [
      h("dt", {}, h("kbd", {}, key)), h("dd", {}, words())])));
  const single = h("input", { type: "checkbox", checked: recall("keys", true),
    onchange: (event) => remember("keys", event.target.checked) });
  dialog.replaceChildren(
    h("div", { class: "sheet-head" }, h("h2", { id: "help-title" }, t("keys.title")),
      iconButton("close", t("close"), () => dialog.close())),
    h("div", { class: "key-groups" }, Object.keys(groups).map(table)),
    h("label", { class: "check" }, single, h("span", {}, t("keys.single"))));
  dialog.showModal();
}
