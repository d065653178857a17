// What the panes share: who works here, which ticket is open, which names were met, and a small event bus.

export const state = {
  user: null,      // sign-in name
  agent: null,     // the same person as a ticket's assignee names them
  presence: { state: "offline", capacity: { weight: 10, channels: {} } },
  openId: null,    // ticket on screen, also while it's being read
  ticket: null,    // the same in full, null until read
};

const listeners = new Map();

export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}

export function emit(name, detail) {
  for (const listener of listeners.get(name) ?? []) listener(detail);
}

export function isMine(ticket) {
  const { assignee } = ticket;
  return Boolean(assignee) && (assignee === state.user || assignee === state.agent);
}

export function isFinished(ticket) {
  return ticket.status === "resolved" || ticket.status === "closed";
}

// Names met in tickets, offered as choices. The first ones are of the launch channels and markets.
const NAMES_MAX = 200;
export const known = {
  queues: new Set(),
  agents: new Set(),
  markets: new Set(["BR", "DE", "FR", "GB", "JP", "MX", "NG", "SA", "SG", "US", "GLOBAL"]),
  channels: new Set(["whatsapp", "twilio-sms", "line", "messenger", "telegram", "email", "form"]),
};

export function learn(ticket) {
  const met = [["queues", ticket.queue], ["agents", ticket.assignee], ["markets", ticket.market],
    ["channels", ticket.channel]];
  let isNew = false;
  for (const [kind, name] of met) {
    const names = known[kind];
    if (!name || names.has(name) || names.size >= NAMES_MAX) continue;
    names.add(name);
    isNew = true;
  }
  return isNew;
}
