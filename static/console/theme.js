// Light or dark, before the first paint. A classic script on purpose: a module would run too late.
(() => {
  const KEY = "segs-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: follow the system
    }
  }

  function show(theme) {
    root.dataset.bsTheme = theme;
    root.dispatchEvent(new CustomEvent("segs:theme"));
  }

  function fromSystem() {
    return system.matches ? "dark" : "light";
  }

  show(chosen() ?? fromSystem());
  system.addEventListener("change", () => {
    if (!chosen()) show(fromSystem());
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
        try {
          localStorage.setItem(KEY, theme);
        } catch {
          // the choice lasts as long as the page
        }
        show(theme);
      });
    }
  });
})();
