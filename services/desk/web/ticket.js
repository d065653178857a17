// What several panes say about a ticket in the same way: its title, its most pressing clock, its priority.
import { h, icon } from "./dom.js";
import { code, t } from "./i18n.js";
import { bothTimes } from "./time.js";

export function titleOf(ticket) {
  if (ticket.subject) return ticket.subject;
  if (ticket.order_ids?.length) return t("ticket.about_order", { id: ticket.order_ids[0] });
  return t("ticket.untitled", { channel: code("channel", ticket.channel) });
}

const ALIVE = new Set(["running", "warned", "breached", "paused"]);

// The clock that matters most: breached ones first, then what is due next.
export function pressingClock(ticket) {
  const alive = (ticket.clocks ?? []).filter((clock) => ALIVE.has(clock.state) && !clock.withdrawn);
  const rank = (clock) => (clock.state === "breached" ? 0 : clock.state === "paused" ? 2 : 1);
  alive.sort((a, b) => rank(a) - rank(b) || Date.parse(a.due_at) - Date.parse(b.due_at));
  return alive[0] ?? null;
}

export function countdown(clock) {
  const label = t("clock.title", { clock: code("clock", clock.clock),
    state: code("clock_state", clock.state), due: bothTimes(clock.due_at) });
  const chip = h("span", { class: "countdown", title: label, data: { clock: clock.state } },
    icon(clock.state === "breached" ? "alert" : "clock"));
  if (clock.state === "paused") chip.append(code("clock_state", "paused"));
  else chip.append(h("time", { datetime: clock.due_at, data: { due: clock.due_at } }));
  return chip;
}

// 0 … 9 as three bands that have a colour.
export function priorityBand(priority) {
  const n = Number(priority);
  if (!Number.isFinite(n)) return "normal";
  return n >= 7 ? "high" : n >= 4 ? "normal" : "low";
}
