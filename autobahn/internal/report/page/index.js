// The filter. Its state is the part of the address behind #: s (section), v (verdicts), q (text).
(() => {
  const $ = (id) => document.getElementById(id);
  const text = $("q"), section = $("s"), count = $("count"), clear = $("clear"), bar = $("bar");
  const chips = [...document.querySelectorAll("button[data-v]")];
  const groups = [...document.querySelectorAll("tbody[data-s]")].map((body) => ({
    body,
    section: body.dataset.s,
    rows: [...body.querySelectorAll("tr[data-v]")].map((row) => ({
      row, verdicts: row.dataset.v.split(" "), text: row.textContent.toLowerCase(),
    })),
  }));
  const heads = [...document.querySelectorAll("tbody[data-head]")];
  const total = groups.reduce((n, g) => n + g.rows.length, 0);

  function show() {
    const verdicts = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.v);
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const sections = new Set();
    let shown = 0;
    for (const g of groups) {
      let any = false;
      for (const r of g.rows) {
        const on = (!section.value || section.value === g.section) &&
          (!verdicts.length || verdicts.some((v) => r.verdicts.includes(v))) &&
          words.every((w) => r.text.includes(w));
        r.row.hidden = !on;
        any ||= on;
        shown += on;
      }
      g.body.hidden = !any;
      if (any) sections.add(g.section);
    }
    for (const h of heads) h.hidden = !sections.has(h.dataset.head);
    $("none").hidden = shown > 0;
    count.textContent = shown === total ? `all ${total} cases` : `${shown} of ${total} cases`;
    clear.hidden = shown === total;
    const p = new URLSearchParams();
    if (section.value) p.set("s", section.value);
    if (verdicts.length) p.set("v", verdicts.join(","));
    if (words.length) p.set("q", text.value.trim());
    const hash = p.size ? "#" + p.toString().replaceAll("%2C", ",") : "";
    try { sessionStorage.setItem(filterKey, hash); } catch {} // the pages of the cases link back to it
    return hash;
  }

  function keep() {
    history.replaceState(null, "", show() || location.pathname + location.search);
  }

  function load() {
    const p = new URLSearchParams(location.hash.slice(1));
    section.value = p.get("s") || "";
    text.value = p.get("q") || "";
    const verdicts = (p.get("v") || "").split(",");
    for (const c of chips) c.setAttribute("aria-pressed", verdicts.includes(c.dataset.v));
    show();
  }

  text.oninput = section.onchange = keep;
  for (const c of chips) {
    c.onclick = () => {
      c.setAttribute("aria-pressed", c.getAttribute("aria-pressed") !== "true");
      keep();
    };
  }
  clear.onclick = () => {
    text.value = section.value = "";
    for (const c of chips) c.setAttribute("aria-pressed", "false");
    keep();
  };
  addEventListener("hashchange", () => {
    if (location.hash === "#cases") return; // the link for the keyboard
    load();
    $("cases").scrollIntoView();
  });
  addEventListener("keydown", (e) => {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && !/^(INPUT|SELECT)$/.test(e.target.tagName)) {
      e.preventDefault();
      text.focus();
    }
    if (e.key === "Escape" && e.target === text) { text.value = ""; keep(); }
  });
  // The head of the table sticks below the filter, whatever its height is.
  new ResizeObserver(() => document.documentElement.style.setProperty("--bar", bar.offsetHeight + "px")).observe(bar);
  bar.hidden = false;
  load();
})();
