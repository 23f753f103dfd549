// Everything here is a comfort: each page works without it.
(() => {
  const root = document.documentElement;
  const toggle = document.querySelector("[data-theme-toggle]");
  const label = () => { toggle.textContent = root.dataset.bsTheme === "dark" ? "Light" : "Dark"; };
  if (toggle) {
    label();
    toggle.addEventListener("click", () => {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      window.localStorage.setItem("theme", root.dataset.bsTheme);
      label();
    });
  }

  const zone = document.querySelector("[data-guess-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;

  const problem = document.querySelector("[data-focus]");
  if (problem) problem.focus();

  // A button that was pressed says so and keeps its width; a second press does nothing.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    button.style.minWidth = `${button.offsetWidth}px`;
    button.classList.add("btn-loading");
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });

  // Live updates: say so when they pause for ten seconds.
  const paused = document.querySelector("[data-live-paused]");
  const since = document.querySelector("[data-live-since]");
  let timer = 0;
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  let last = clock();
  document.addEventListener("htmx:sseOpen", () => { window.clearTimeout(timer); timer = 0; paused.hidden = true; });
  document.addEventListener("htmx:sseMessage", () => { last = clock(); });
  document.addEventListener("htmx:sseError", () => {
    if (timer || !paused) return;
    timer = window.setTimeout(() => { since.textContent = last; paused.hidden = false; }, 10000);
  });

  // A block isn't swapped while someone types in it; it catches up when they leave it.
  const typing = (block) => block.contains(document.activeElement)
    && document.activeElement.matches("input, select, textarea");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const block = event.detail.elt;
    if (!block.id || !typing(block)) return;
    event.preventDefault();
    block.addEventListener("focusout", () => window.setTimeout(() => {
      if (!typing(block)) window.htmx.trigger(block, "catch-up");
    }, 200), { once: true });
  });

  // Account mapping: staged changes are counted, and leaving with them asks.
  const selects = Array.from(document.querySelectorAll("[data-mapping]"));
  const unsaved = document.querySelector("[data-unsaved]");
  const changed = () => selects.filter((s) => s.value !== s.dataset.was).length;
  const say = () => { if (unsaved) unsaved.textContent = changed() ? `${changed()} unsaved ${changed() === 1 ? "change" : "changes"}` : ""; };
  selects.forEach((s) => s.addEventListener("change", say));
  const apply = document.querySelector("[data-apply-unmapped]");
  if (apply) apply.addEventListener("click", (event) => {
    const account = document.getElementById("bulk").value;
    event.preventDefault();
    if (!account) { document.getElementById("bulk").focus(); return; }
    selects.filter((s) => !s.value).forEach((s) => { s.value = account; });
    say();
  });
  let saving = false;
  document.addEventListener("submit", () => { saving = true; });
  if (selects.length) window.addEventListener("beforeunload", (event) => { if (!saving && changed()) event.preventDefault(); });

  // Keys: each has a visible control, none fires in a field.
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea, [contenteditable]")) return;
    const key = event.key;
    const rows = Array.from(document.querySelectorAll("[data-row]"));
    const at = rows.findIndex((row) => row.classList.contains("app-current"));
    const go = (to) => {
      if (!rows[to]) return;
      if (rows[at]) rows[at].classList.remove("app-current");
      rows[to].classList.add("app-current");
      rows[to].querySelector("a").focus();
    };
    if (key === "/") { event.preventDefault(); document.getElementById("search")?.focus(); }
    else if (before === "g" && key === "i") window.location.assign("/invoices");
    else if (key === "j") go(at + 1);
    else if (key === "k") go(at - 1);
    else if (key === "s") (rows[at] || document).querySelector("[data-sync]")?.click();
    before = key;
  });
})();
