// The desk's live events: each says which ids to read again; a new connection means reading all again.
import { emit } from "./state.js";

const KINDS = ["ticket", "message", "translation", "delivery", "order", "deadline", "presence"];
const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];

let source = null;
let failures = 0;
let timer = 0;

// Emits "stream" {kind, ids, data} per event, "typing" for those that only tell of it, "stream-reset" when all must be read again, and "link" with the
// connection's state: connecting, live or lost.
export function openStream() {
  closeStream();
  emit("link", failures ? "lost" : "connecting");
  const mine = new EventSource("/api/v1/stream");
  source = mine;
  mine.addEventListener("open", () => {
    emit("link", "live");
    if (mine.wasOpen) return; // the browser came back with Last-Event-ID: the desk says reset if need be
    mine.wasOpen = true;
    failures = 0;
    emit("stream-reset");
  });
  mine.addEventListener("error", () => {
    if (source !== mine) return;
    emit("link", "lost");
    if (mine.readyState === EventSource.CLOSED) reopenLater();
  });
  mine.addEventListener("reset", () => emit("stream-reset"));
  for (const kind of KINDS) {
    mine.addEventListener(kind, (event) => {
      const heard = read(kind, event.data);
      if (heard.data.typing) emit("typing", heard.data);
      else emit("stream", heard);
    });
  }
}

function reopenLater() {
  const base = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
  failures += 1;
  timer = setTimeout(openStream, base * (0.75 + Math.random() / 2));
}

export function closeStream() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

export function isStreamOpen() {
  return source?.readyState === EventSource.OPEN;
}

function read(kind, text) {
  let data = {};
  try {
    data = JSON.parse(text) ?? {};
  } catch {
    // An event that can't be read names nothing; the slow polling finds what it meant.
  }
  const ids = new Set();
  for (const [name, value] of Object.entries(data)) {
    if ((name === "id" || name.endsWith("_id")) && typeof value === "string") ids.add(value);
    if (name.endsWith("_ids") && Array.isArray(value)) value.forEach((id) => ids.add(id));
  }
  return { kind, ids, data };
}
