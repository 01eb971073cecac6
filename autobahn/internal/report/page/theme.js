"use strict";
const filterKey = "ws-report-filter " + location.pathname.replace(/[^/]*$/, "");
// The button goes through the three themes; the choice is kept for the other pages.
(() => {
  const themes = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  let theme = "auto";
  try { theme = localStorage.getItem("ws-report-theme") || "auto"; } catch {}
  const apply = () => {
    if (!themes.includes(theme)) theme = "auto";
    document.documentElement.dataset.theme = theme;
    button.textContent = "Theme: " + theme;
  };
  button.hidden = false;
  button.onclick = () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem("ws-report-theme", theme); } catch {}
    apply();
  };
  apply();
})();
