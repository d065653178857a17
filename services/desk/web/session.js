// Who works here: signing in and out, and being online, away or offline with a capacity.
import { ApiError, explain, get, request } from "./api.js";
import { byId, h, icon, toast } from "./dom.js";
import { code, t } from "./i18n.js";
import { recall, remember } from "./prefs.js";
import { emit, on, state } from "./state.js";

const STATES = ["online", "away", "offline"];
const HEARTBEAT_MS = 30000; // presence is a lease: said again while it holds
const CAPACITY_MAX = 100;

let isAsking = false;
let heartbeat = 0;

export function openSession() {
  state.user = recall("user", null);
  on("signed-out", ask);
  on("language", () => {
    if (isAsking) drawSignIn();
    drawPresence();
  });
}

// Shows the sign-in form over the page; what was begun in the page stays.
function ask() {
  if (isAsking) return;
  isAsking = true;
  clearInterval(heartbeat);
  document.body.dataset.phase = "sign-in";
  drawSignIn();
  byId("user").focus();
}

function drawSignIn() {
  const user = byId("user")?.value ?? state.user ?? "";
  const field = (id, label, type, autocomplete, value) => h("label", { class: "field" },
    h("span", {}, label), h("input", { id, name: id, type, autocomplete, value, required: true,
      maxlength: 200, spellcheck: "false", autocapitalize: "none" }));
  byId("sign-in").replaceChildren(h("form", { class: "sign-in-card", onsubmit: signIn },
    document.querySelector(".logo").cloneNode(true),
    h("h2", { id: "sign-in-title" }, t("sign_in.title")),
    h("p", { class: "soft" }, t("sign_in.hint")),
    field("user", t("sign_in.user"), "text", "username", user),
    field("password", t("sign_in.password"), "password", "current-password", ""),
    h("p", { class: "sign-in-error", id: "sign-in-error", role: "alert" }),
    h("button", { type: "submit", class: "primary", id: "sign-in-go" }, t("sign_in.go"))));
}

async function signIn(event) {
  event.preventDefault();
  const user = byId("user").value.trim();
  const button = byId("sign-in-go");
  button.disabled = true;
  byId("sign-in-error").textContent = "";
  try {
    await request("POST", "/session", { body: { user, password: byId("password").value } });
    const isOther = state.user !== null && state.user !== user;
    state.user = user;
    remember("user", user);
    if (isOther) {
      startAfresh();
      return;
    }
    isAsking = false;
    byId("sign-in").replaceChildren();
    emit("signed-in");
  } catch (error) {
    byId("sign-in-error").textContent = error instanceof ApiError && [401, 403].includes(error.status)
      ? t("sign_in.wrong") : explain(error);
    byId("password").value = "";
    byId("password").focus();
  } finally {
    button.disabled = false;
  }
}

export async function signOut() {
  try {
    if (state.presence.state !== "offline") await setPresence({ ...state.presence, state: "offline" });
    await request("DELETE", "/session");
  } catch (error) {
    if (error.status !== 401) {
      toast(explain(error), "error");
      return;
    }
  }
  location.hash = "";
  startAfresh();
}

// Nothing of what one person saw or began stays for the next.
function startAfresh() {
  emit("leaving");
  sessionStorage.clear();
  location.reload();
}

// Takes up the presence this agent had: as the desk knows it, else as this tab last said it.
export async function resumePresence() {
  try {
    const known = await get("/agents/me/presence");
    state.agent = known?.agent ?? null;
    state.user = known?.user ?? state.user;
    if (STATES.includes(known?.state)) {
      state.presence = { state: known.state, capacity: known.capacity ?? state.presence.capacity };
    }
  } catch (error) {
    if (error.status === 401) return;
    state.presence = {
      state: sessionStorage.getItem("presence") ?? "offline",
      capacity: recall("capacity", state.presence.capacity),
    };
  }
  clearInterval(heartbeat);
  heartbeat = setInterval(beat, HEARTBEAT_MS);
  drawPresence();
}

async function beat() {
  if (state.presence.state === "offline") return;
  try {
    await putPresence(state.presence);
  } catch {
    // The link's state is shown; the next beat says it again.
  }
}

function putPresence(presence) {
  return request("PUT", "/agents/me/presence", { body: presence, key: crypto.randomUUID() });
}

async function setPresence(presence) {
  await putPresence(presence);
  state.presence = presence;
  sessionStorage.setItem("presence", presence.state);
  remember("capacity", presence.capacity);
  drawPresence();
}

async function choose(change) {
  try {
    await setPresence({ ...state.presence, ...change });
    toast(t("presence.now", { state: code("presence", state.presence.state) }));
  } catch (error) {
    toast(explain(error), "error");
    drawPresence();
  }
}

export function nextPresence() {
  return choose({ state: state.presence.state === "online" ? "away" : "online" });
}

// The button in the bar and the menu it opens.
export function presenceParts() {
  return [
    h("button", { type: "button", class: "presence", id: "presence", popovertarget: "presence-menu" }),
    h("div", { class: "menu", id: "presence-menu", popover: "auto" }),
  ];
}

function drawPresence() {
  const button = byId("presence");
  if (!button) return;
  const { presence } = state;
  button.dataset.presence = presence.state;
  button.setAttribute("aria-label", t("presence.button", { user: state.user ?? "",
    state: code("presence", presence.state) }));
  button.replaceChildren(h("span", { class: "dot", "aria-hidden": "true" }),
    h("span", { class: "presence-user" }, state.user ?? ""),
    h("span", { class: "presence-state" }, code("presence", presence.state)), icon("down"));
  byId("presence-menu").replaceChildren(
    h("div", { class: "menu-states", role: "group", "aria-label": t("presence.title") },
      STATES.map((name) => h("button", { type: "button", data: { presence: name },
        "aria-pressed": String(name === presence.state), onclick: () => choose({ state: name }) },
      h("span", { class: "dot", "aria-hidden": "true" }), code("presence", name)))),
    capacityForm(presence.capacity),
    h("button", { type: "button", class: "plain leave", id: "sign-out", onclick: signOut },
      icon("leave"), t("sign_out")));
}

function capacityForm(capacity) {
  const number = (id, label, value) => h("label", { class: "field inline" }, h("span", {}, label),
    h("input", { id, type: "number", min: 0, max: CAPACITY_MAX, step: 1, required: true, value }));
  return h("form", { class: "capacity", onsubmit: (event) => {
    event.preventDefault();
    const channels = { ...state.presence.capacity.channels, phone: Number(byId("calls").value) };
    choose({ capacity: { weight: Number(byId("weight").value), channels } });
  } },
  number("weight", t("presence.weight"), capacity.weight ?? 10),
  number("calls", t("presence.calls"), capacity.channels?.phone ?? 1),
  h("p", { class: "hint" }, t("presence.hint")),
  h("button", { type: "submit" }, t("presence.save")));
}
