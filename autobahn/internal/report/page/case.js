// The link to the index keeps its filter.
// The arrow keys go to the cases before and after this one, u to the index.
(() => {
  const up = document.getElementById("up");
  try {
    const hash = sessionStorage.getItem(filterKey) || "";
    if (hash.startsWith("#")) up.href = "index.html" + hash;
  } catch {}
  const go = (id) => document.getElementById(id)?.click();
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    if (e.key === "u") up.click();
    if (e.target.closest("pre")) return; // they scroll it
    if (e.key === "ArrowLeft") go("prev");
    if (e.key === "ArrowRight") go("next");
  });
  // Octets are shown or not on all pages alike.
  const raw = document.getElementById("raw");
  if (!raw) return;
  const log = document.getElementById("log");
  const apply = () => log.classList.toggle("with-raw", raw.checked);
  try { raw.checked = localStorage.getItem("ws-report-raw") === "yes"; } catch {}
  raw.onchange = () => {
    apply();
    try { localStorage.setItem("ws-report-raw", raw.checked ? "yes" : "no"); } catch {}
  };
  raw.parentElement.hidden = false;
  apply();
})();
