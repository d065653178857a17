// What this browser remembers of an agent's taste: theme, language, views; never anything about customers.

const PREFIX = "seadesk.";

export function recall(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A browser without storage forgets; nothing depends on it.
  }
}

const THEMES = ["auto", "light", "dark"];

export function applyTheme(theme = recall("theme", "auto")) {
  const known = THEMES.includes(theme) ? theme : "auto";
  document.documentElement.dataset.theme = known;
  return known;
}

// Goes round auto, light, dark; returns the new one.
export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(applyTheme()) + 1) % THEMES.length];
  remember("theme", next);
  return applyTheme(next);
}
