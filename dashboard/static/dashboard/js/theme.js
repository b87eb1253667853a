/* Runs before the first paint: sets the theme by choice, else by system. Not a module on purpose. */
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      return localStorage.getItem("theme") || "system";
    } catch {
      return "system";
    }
  }

  function show() {
    const chosen = choice();
    const isDark = chosen === "dark" || (chosen === "system" && dark.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }

  show();
  dark.addEventListener("change", show);
  addEventListener("storage", show);
  addEventListener("DOMContentLoaded", () => {
    for (const radio of document.querySelectorAll("input[name=theme]")) {
      radio.checked = radio.value === choice();
      radio.addEventListener("change", () => {
        try {
          localStorage.setItem("theme", radio.value);
        } catch {
          /* private windows: the choice lasts as long as the page */
        }
        show();
        if (radio.value !== choice()) document.documentElement.dataset.theme = radio.value;
      });
    }
  });
})();
