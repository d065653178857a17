// The page's words: one flat file per language; a missing word shows its key, so that it's noticed.
import { recall, remember } from "./prefs.js";

export const LANGUAGES = [["en", "English"], ["zh-CN", "中文"]];

let words = {};
let current = "en";

export function language() {
  return current;
}

function preferred() {
  const saved = recall("language", null);
  if (LANGUAGES.some(([tag]) => tag === saved)) return saved;
  return (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export async function loadLanguage(tag = preferred()) {
  const answer = await fetch(`/i18n/${tag}.json`);
  if (!answer.ok) throw new Error(`words of ${tag}: ${answer.status}`);
  words = await answer.json();
  current = tag;
  document.documentElement.lang = tag;
  applyWords(document);
}

export async function switchLanguage(tag) {
  await loadLanguage(tag);
  remember("language", tag);
}

// Text of a key; {name} is replaced from values.
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Text of a code out of a family (status.open …); an unknown code is shown readable, as it is.
export function code(family, value) {
  if (value === null || value === undefined || value === "") return "";
  return words[`${family}.${value}`] ?? String(value).replaceAll("_", " ");
}

// Fills in the skeleton: data-i18n is an element's text, data-i18n-attr a list "attribute:key".
export function applyWords(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.dataset.i18n);
  }
  for (const element of root.querySelectorAll("[data-i18n-attr]")) {
    for (const pair of element.dataset.i18nAttr.split(" ")) {
      const at = pair.indexOf(":");
      element.setAttribute(pair.slice(0, at), t(pair.slice(at + 1)));
    }
  }
}

const names = new Map();

function displayName(type, value) {
  const key = `${current} ${type}`;
  if (!names.has(key)) names.set(key, new Intl.DisplayNames([current], { type }));
  try {
    return names.get(key).of(value) ?? value;
  } catch {
    return value;
  }
}

export function languageName(tag) {
  return tag ? displayName("language", tag) : "";
}

export function marketName(market) {
  if (!market) return "";
  if (!/^[A-Z]{2}$/.test(market)) return code("market", market);
  return displayName("region", market);
}

export function sameLanguage(one, other) {
  const base = (tag) => (tag ?? "").toLowerCase().split("-")[0];
  return base(one) !== "" && base(one) === base(other);
}
