// Who types in a web chat: the customer's typing at the open ticket, and the agent's, told to the customer.
import { part, request } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { isFinished, isMine, on, state } from "./state.js";

const TELL_EVERY_MS = 3000;

let line;
let timer = 0;
let told = -Infinity;

// The place of the words; it stays, so that nothing moves when they come and go.
export function typingLine() {
  line = h("p", { class: "typing", id: "typing", role: "status", "aria-live": "polite" });
  on("typing", hear);
  on("open", clear);
  on("written", clear);
  on("language", clear);
  on("ticket", () => {
    line.hidden = state.ticket.channel !== "chat";
  });
  return line;
}

function clear() {
  clearTimeout(timer);
  line.textContent = "";
}

function hear({ ticket_id: ticketId, for_ms: forMs }) {
  if (ticketId !== state.ticket?.id) return;
  clearTimeout(timer);
  timer = setTimeout(clear, forMs);
  if (!line.textContent) line.textContent = t("talk.typing");
}

// Called at every stroke of a reply. What can't be told now isn't told.
export function tellTyping(ticket) {
  const isAnswerable = isMine(ticket) && ticket.status !== "offered" && !isFinished(ticket);
  if (ticket.channel !== "chat" || !isAnswerable || performance.now() - told < TELL_EVERY_MS) return;
  told = performance.now();
  request("POST", `/tickets/${part(ticket.id)}/typing`).catch(() => {});
}
