// What the console adds to plain pages: theme, copy, ages that keep current, and the live line. No framework.

const root = document.documentElement;

// ---- theme: follows the system until a person chooses ----

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";

function nameThemeButton() {
  const other = isDark() ? "light" : "dark";
  root.dataset.shown = isDark() ? "dark" : "light";
  document.getElementById("theme")?.setAttribute("aria-label", `Use the ${other} theme`);
}

document.getElementById("theme")?.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("throughline.theme", root.dataset.theme);
  } catch { /* Storage is forbidden here: the choice lasts for this page. */ }
  nameThemeButton();
});
systemDark.addEventListener("change", nameThemeButton);
nameThemeButton();

// ---- copy ----

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const name = button.getAttribute("aria-label");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.done = "";
    button.setAttribute("aria-label", "Copied");
  } catch {
    button.setAttribute("aria-label", "Could not copy: select the text beside it");
  }
  setTimeout(() => {
    delete button.dataset.done;
    button.setAttribute("aria-label", name);
  }, 1500);
});

// ---- find: Ctrl K (or Command K) from anywhere ----

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  const box = document.getElementById("find");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// ---- ages: counted on the hub's clock, and left alone while a sandbox drives that clock ----

const ahead = Date.parse(document.body.dataset.now) - Date.now();

export function age(seconds) {
  const [d, h, m] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (d >= 2) return `${d} d`;
  if (h >= 1) return `${h} h ${String(m % 60).padStart(2, "0")} m`;
  return m >= 1 ? `${m} m` : `${Math.max(0, Math.floor(seconds))} s`;
}

function refreshAges() {
  if (document.body.dataset.time === "driven") return;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = age((Date.now() + ahead - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}
refreshAges();
setInterval(refreshAges, 15000);

// ---- the live line ----

const WORDS = { live: "Live", starting: "Connecting", lost: "Reconnecting", stale: "Could not refresh" };

function say(state) {
  const place = document.getElementById("live-state");
  if (!place || place.dataset.state === state) return;
  place.dataset.state = state;
  place.querySelector(".live-word").textContent = WORDS[state];
}

function listen(line) {
  let connectedBefore = false;
  line.addEventListener("htmx:sse:after:connection", () => {
    say("live");
    // Hints sent while the line was down are gone: ask once for everything.
    if (connectedBefore) htmx.trigger(line, "hint");
    connectedBefore = true;
  });
  line.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) say("lost");
  });
  line.addEventListener("htmx:sse:error", () => say("lost"));
  // The extension reconnects a line that was open; one that never opened is tried again here.
  const again = () => {
    say("lost");
    setTimeout(() => htmx.trigger(line, "again"), 3000);
  };
  line.addEventListener("htmx:error", again);
  line.addEventListener("htmx:response:error", again);
}

function keepWhatPeopleDid() {
  htmx.registerExtension("throughline", {
    // A row someone opened stays open: the server does not know, so its answer must not close it.
    htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.localName === "details"),
  });
  document.addEventListener("htmx:after:swap", refreshAges);
  document.addEventListener("htmx:finally:request", ({ target, detail }) => {
    if (target.id === "region") say(detail.ctx.response?.status < 400 ? "live" : "stale");
  });
}

const line = document.getElementById("live");
if (line && window.htmx) {
  keepWhatPeopleDid();
  listen(line);
}
