// Times as people read them: here and at the customer's, how long ago, how long until.
import { language, t } from "./i18n.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON_MS = 10 * MINUTE;
const DRIFT_IGNORED_MS = 2 * SECOND;

let offsetMs = 0;

// The desk's clock decides, not this computer's: told from the Date header of its answers.
export function noteServerTime(header) {
  const theirs = Date.parse(header ?? "");
  if (Number.isNaN(theirs)) return;
  const drift = theirs - Date.now();
  offsetMs = Math.abs(drift) > DRIFT_IGNORED_MS ? drift : 0;
}

export function now() {
  return Date.now() + offsetMs;
}

const formats = new Map();
const FORMATS_MAX = 60;

// Days before months in English too: the desk reads for many countries.
function format(options) {
  const locale = language() === "en" ? "en-GB" : language();
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    if (formats.size >= FORMATS_MAX) formats.clear();
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

function show(iso, options) {
  const ms = typeof iso === "number" ? iso : Date.parse(iso ?? "");
  if (Number.isNaN(ms)) return "";
  try {
    return format({ hourCycle: "h23", ...options }).format(ms);
  } catch {
    return format({ hourCycle: "h23", ...options, timeZone: "UTC" }).format(ms);
  }
}

export function hourMinute(iso, zone) {
  return show(iso, { hour: "2-digit", minute: "2-digit", timeZone: zone });
}

export function dayName(iso) {
  return show(iso, { weekday: "long", day: "numeric", month: "long" });
}

export function dayKey(iso, zone) {
  return show(iso, { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
}

export function dateTime(iso, zone) {
  const day = dayKey(iso) === dayKey(now()) ? {} : { day: "numeric", month: "short" };
  return show(iso, { ...day, hour: "2-digit", minute: "2-digit", timeZone: zone });
}

export function fullTime(iso, zone) {
  return show(iso, { year: "numeric", month: "short", day: "numeric", hour: "2-digit",
    minute: "2-digit", second: "2-digit", timeZoneName: "short", timeZone: zone });
}

// A time as it is here and at the customer's (UTC where the customer's zone isn't known); the day
// where it isn't today, and there where it isn't the same.
export function bothTimes(iso, zone) {
  const clockOnly = { hour: "2-digit", minute: "2-digit" };
  const withDay = { weekday: "short", day: "numeric", month: "short", ...clockOnly };
  const here = show(iso, dayKey(iso) === dayKey(now()) ? clockOnly : withDay);
  const place = zone ?? "UTC";
  const isSameDay = dayKey(iso) === dayKey(iso, place);
  const there = show(iso, { ...(isSameDay ? clockOnly : withDay), timeZone: place });
  if (there === here) return here;
  return zone ? t("time.both", { here, there }) : t("time.both_utc", { here, utc: there });
}

// A length of time in its two largest units; below an hour as a running clock.
export function length(ms) {
  const size = Math.abs(ms);
  const two = (n) => String(n).padStart(2, "0");
  if (size < HOUR) {
    return `${Math.floor(size / MINUTE)}:${two(Math.floor((size % MINUTE) / SECOND))}`;
  }
  if (size < DAY) {
    return t("time.hours", { h: Math.floor(size / HOUR), m: two(Math.floor((size % HOUR) / MINUTE)) });
  }
  return t("time.days", { d: Math.floor(size / DAY), h: Math.floor((size % DAY) / HOUR) });
}

export function ago(iso) {
  const ms = now() - Date.parse(iso ?? "");
  if (Number.isNaN(ms)) return "";
  if (ms < MINUTE) return t("time.now");
  if (ms < HOUR) return t("time.minutes_ago", { n: Math.floor(ms / MINUTE) });
  if (ms < DAY) return t("time.hours_ago", { n: Math.floor(ms / HOUR) });
  return t("time.days_ago", { n: Math.floor(ms / DAY) });
}

function tickElement(element) {
  const { ago: since, zone } = element.dataset;
  if (since) {
    setText(element, ago(since));
    return;
  }
  if (zone) {
    setText(element, t("customer.there", { time: hourMinute(now(), zone) }));
    return;
  }
  const left = Date.parse(element.dataset.due) - now();
  setText(element, left < 0 ? t("time.late", { length: length(left) }) : length(left));
  element.dataset.near = left < 0 ? "late" : left < SOON_MS ? "soon" : "far";
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Writes every countdown (data-due), age (data-ago) and other place's time (data-zone) below root anew.
export function tick(root = document) {
  for (const element of root.querySelectorAll("[data-due], [data-ago], [data-zone]")) tickElement(element);
}

export function startTicking() {
  setInterval(() => {
    if (!document.hidden) tick();
  }, SECOND);
}

// Minutes that zone is ahead of UTC at an instant.
function zoneOffsetMs(ms, zone) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23",
    year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
    second: "numeric" }).formatToParts(ms);
  const n = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(n.year, n.month - 1, n.day, n.hour, n.minute, n.second) - Math.floor(ms / SECOND)
    * SECOND;
}

// The instant of tomorrow's hour:00 in zone (here, when zone is absent).
export function tomorrowAt(hour, zone) {
  const own = zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const there = new Date(now() + zoneOffsetMs(now(), own) + DAY);
  const wall = Date.UTC(there.getUTCFullYear(), there.getUTCMonth(), there.getUTCDate(), hour);
  return wall - zoneOffsetMs(wall - zoneOffsetMs(wall, own), own);
}

// For <input type="datetime-local">: this computer's wall time, to the minute.
export function toInput(ms) {
  return new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
