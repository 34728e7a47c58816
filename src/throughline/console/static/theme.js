// Runs before the first paint, so it is small and not a module: the theme a person chose, and "JavaScript is here".
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = localStorage.getItem("throughline.theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch { /* Storage is forbidden here: the system's theme stays. */ }
})();
