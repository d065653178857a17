// Elements made from data: text only ever becomes text, and lists change only where their items changed.

// h("p", {class: "x", onclick: f, dir: "auto"}, "text", child, null): an element.
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined
    && child !== false));
  return element;
}

function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) {
    element.addEventListener(name.slice(2), value);
  } else if (name === "data") {
    for (const [key, item] of Object.entries(value)) {
      if (item !== null && item !== undefined) element.dataset[key] = item;
    }
  } else if (name === "value" || name === "checked" || name === "disabled") {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? "" : value);
  }
}

// Shapes on a 24 × 24 grid, drawn with a stroke.
const SHAPES = {
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.3",
  back: "M15 5l-7 7 7 7",
  box: "M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5",
  chat: "M4 5h16v11H10l-4.5 4V16H4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8v4.3l3 2",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  down: "M6 9l6 6 6-6",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z",
  filter: "M4 6h16M7 12h10M10 18h4",
  video: "M3.5 7h11v10h-11zM14.5 11l6-3.5v9l-6-3.5",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c3.6 4.7 3.6 12.3 0 17"
    + "M12 3.5c-3.6 4.7-3.6 12.3 0 17",
  hand: "M12 21V9M6.5 14.5 12 9l5.5 5.5M5 4h14",
  help: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.6 9.6a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 "
    + ".8-1 1.7M12 16.3v.2",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.6v.2",
  leave: "M14 4H5v16h9M10 12h10M16.5 8.5 20 12l-3.5 3.5",
  list: "M4 6.5h16M4 12h16M4 17.5h10",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  next: "M9 5l7 7-7 7",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
  send: "M4 12 20 4l-5 16-3.5-6.5z",
  story: "M6 4v16M6 6h11M6 12h8M6 18h11",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4"
    + "M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  theme: "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
  transfer: "M4 8h14M14.5 4.5 18 8l-3.5 3.5M20 16H6M9.5 12.5 6 16l3.5 3.5",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.8-4 3.6-6 7.5-6s6.7 2 7.5 6",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

// A button that shows an icon and says its name to who can't see it.
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label,
    onclick, ...props }, icon(name));
}

// Makes parent's children those of items: nodes of unchanged items stay (with focus, selection and scroll).
// keyOf and signOf give strings; a changed sign renders the item again.
export function reconcile(parent, items, keyOf, signOf, render) {
  const old = new Map();
  for (const node of parent.children) old.set(node.dataset.key, node);
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const sign = signOf(item);
    let node = old.get(key);
    old.delete(key);
    if (node && node.sign === sign) {
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
      continue;
    }
    const fresh = render(item);
    fresh.dataset.key = key;
    fresh.sign = sign;
    if (!node) {
      parent.insertBefore(fresh, place);
      continue;
    }
    const focused = node.contains(document.activeElement) ? document.activeElement : null;
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    node.replaceWith(fresh);
    if (focused) ((focused.id && byId(focused.id)) || (fresh.querySelector("a, button, input") ?? fresh)).focus();
  }
  for (const node of old.values()) node.remove();
}

export function byId(id) {
  return document.getElementById(id);
}

// Says something to screen readers without showing it.
export function announce(text) {
  byId("live").textContent = text;
}

const TOASTS_MAX = 3;
const TOAST_MS = 6000;

export function toast(text, kind = "info") {
  const box = byId("toasts");
  const note = h("p", { class: "toast", data: { kind } }, text);
  box.append(note);
  while (box.children.length > TOASTS_MAX) box.firstElementChild.remove();
  setTimeout(() => note.remove(), TOAST_MS);
}
