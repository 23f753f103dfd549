// Everything here is a comfort: each page works without it.
(() => {
  const root = document.documentElement;
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  const kept = { get: (k) => { try { return window.localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { window.localStorage.setItem(k, v); } catch { /* no storage, no memory */ } } };

  // Dark mode
  const toggle = $("[data-theme-toggle]");
  if (toggle) {
    const label = () => toggle.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
    toggle.hidden = false;
    label();
    toggle.addEventListener("click", () => {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      kept.set("theme", root.dataset.bsTheme);
      label();
    });
  }

  // The menu on a narrow screen: without this the address's #menu opens it.
  const side = document.getElementById("menu");
  const opener = $("[data-menu-open]");
  const openMenu = (open) => { side.classList.toggle("app-open", open); if (open) $("a", $(".app-nav", side)).focus(); else opener.focus(); };
  if (opener) {
    opener.addEventListener("click", (event) => { event.preventDefault(); openMenu(true); });
    [$("[data-menu-close]"), $(".app-veil")].forEach((one) => one?.addEventListener("click", (event) => { event.preventDefault(); openMenu(false); }));
  }
  document.addEventListener("click", (event) => $$("details.app-menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));

  // Dialogs; where there is no script their buttons are links to pages. Closed, the focus is where it
  // was: on the menu's button where the link stood in a menu, and on its like if it was swapped since.
  const open = (dialog, from) => {
    if (!dialog || dialog.open) return false;
    const menu = from?.closest("details.app-menu");
    if (menu) menu.open = false;
    const stands = menu || from;
    const back = () => { const here = stands?.isConnected ? stands : stands?.id && document.getElementById(stands.id); return menu && here ? $("summary", here) : here; };
    if (from) dialog.addEventListener("close", () => (back() || document.getElementById("content")).focus(), { once: true });
    dialog.showModal();
    return true;
  };
  const show = (id, from) => open(document.getElementById(id), from);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-dialog]");
    if (link && show(link.dataset.dialog, link)) event.preventDefault();
    if (event.target.matches?.("dialog.app-dialog")) event.target.close();
    const around = event.target.closest?.("[data-dialog-close]")?.closest("dialog");
    if (around) { around.close(); event.preventDefault(); }
  });
  // A question before what can't be undone has a page of its own; here its words come in a dialog.
  const ask = document.getElementById("ask");
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-ask]");
    if (!link || !ask || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const answer = await window.fetch(link.href);
      const asked = $("[data-asked]", new DOMParser().parseFromString(await answer.text(), "text/html"));
      ask.setAttribute("aria-label", asked.dataset.asked);
      ask.replaceChildren(asked);
      open(ask, link);
    } catch { window.location.assign(link.href); }
  });

  // Ctrl K: pages at once, records as the server finds them.
  const goInput = document.getElementById("go-q");
  if (goInput) {
    const list = $("[data-go-pages]");
    const found = $("[data-go-found]");
    let asked = 0;
    goInput.addEventListener("input", () => {
      const words = goInput.value.trim().toLowerCase();
      $$("li", list).forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(words); });
      window.clearTimeout(asked);
      if (!words) { found.replaceChildren(); return; }
      asked = window.setTimeout(async () => {
        const answer = await window.fetch(`/search?part=1&q=${encodeURIComponent(words)}`);
        if (!answer.ok) return;
        const read = new DOMParser().parseFromString(await answer.text(), "text/html");
        found.replaceChildren(...read.body.children);
      }, 150);
    });
    document.getElementById("go").addEventListener("keydown", (event) => {
      const links = $$("#go li:not([hidden]) a");
      const at = links.indexOf(document.activeElement);
      if (event.key === "ArrowDown") { event.preventDefault(); links[Math.min(at + 1, links.length - 1)]?.focus(); }
      else if (event.key === "ArrowUp") { event.preventDefault(); if (at > 0) links[at - 1].focus(); else goInput.focus(); }
      else if (event.key === "Enter" && document.activeElement === goInput && links.length) { event.preventDefault(); links[0].click(); }
    });
  }

  // Toasts go after ten seconds, unless someone is at them.
  const closeToast = (toast) => { const inside = toast.contains(document.activeElement); toast.remove(); if (inside) document.getElementById("content")?.focus(); };
  $$("[data-toast]").forEach((toast) => {
    const close = $("[data-toast-close]", toast);
    close.hidden = false;
    close.addEventListener("click", () => closeToast(toast));
    const later = () => window.setTimeout(() => { if (toast.matches(":hover, :focus-within")) later(); else toast.remove(); }, 10000);
    later();
  });

  // A button that was pressed says so and keeps its width; a second press does nothing.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
    button.style.minWidth = `${button.offsetWidth}px`;
    window.setTimeout(() => button.classList.add("btn-loading"), 150);
  });
  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => { delete form.dataset.sent; $$(".btn-loading", form).forEach((b) => b.classList.remove("btn-loading")); }));

  // Another tab or filter of the same list: what stands stays, marked as old, until the answer is here.
  const content = document.getElementById("content");
  const busy = (on) => content?.classList.toggle("app-busy", on);
  const leads = ".app-tab, .app-chip, .app-pager a";
  document.addEventListener("click", (event) => { const link = event.target.closest?.(leads); if (link?.href && !event.defaultPrevented && !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey) busy(true); });
  document.addEventListener("submit", (event) => { if (!event.defaultPrevented && event.target.matches(".app-filter")) busy(true); });
  window.addEventListener("pageshow", () => busy(false));
  // Whoever stays after all, asked about what is unsaved, has the page as it was.
  window.addEventListener("beforeunload", () => window.setTimeout(() => { if (document.hasFocus()) busy(false); }, 15000));

  const problem = $("[data-focus]");
  if (problem) problem.focus();
  $$("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      await navigator.clipboard.writeText(from ? from.textContent.trim() : button.dataset.copyText || "");
      const before = button.textContent;
      button.textContent = "Copied";
      window.setTimeout(() => { button.textContent = before; }, 2000);
    });
  });

  // Live updates: say so when they pause for ten seconds.
  const paused = $("[data-live-paused]");
  const since = $("[data-live-since]");
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  let timer = 0;
  let last = clock();
  document.addEventListener("htmx:sseOpen", () => { window.clearTimeout(timer); timer = 0; if (paused) paused.hidden = true; });
  document.addEventListener("htmx:sseMessage", () => { last = clock(); });
  document.addEventListener("htmx:sseError", () => {
    if (timer || !paused) return;
    timer = window.setTimeout(() => { since.textContent = last; paused.hidden = false; }, 10000);
  });

  // A block isn't swapped while someone types in it; it catches up when they leave it.
  const typing = (block) => block.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const block = event.detail.elt;
    if (!block.id || !typing(block)) return;
    event.preventDefault();
    block.addEventListener("focusout", () => window.setTimeout(() => { if (!typing(block)) window.htmx.trigger(block, "catch-up"); }, 200), { once: true });
  });
  // A throttled block takes the first news at once and drops what comes within its pause: for that it
  // asks once more when the pause is over. So the last news is never lost, and single news asked once.
  const calm = new WeakMap();
  document.addEventListener("htmx:sseMessage", (event) => {
    const block = event.target;
    const pause = block.getAttribute?.("hx-trigger")?.match(/throttle:(\d+)s/);
    if (!pause) return;
    const now = performance.now();
    const over = (calm.get(block) ?? 0) + Number(pause[1]) * 1000 + 200;
    if (now >= over || !calm.has(block)) { calm.set(block, now); return; }
    if (block.dataset.later) return;
    block.dataset.later = "1";
    window.setTimeout(() => { delete block.dataset.later; calm.set(block, performance.now()); window.htmx.trigger(block, "catch-up"); }, over - now);
  });
  const old = () => { if (paused) { since.textContent = last; paused.hidden = false; } };
  document.addEventListener("app:stale", old);
  // A session that ended answers with the log-in: the block stays, and the page says it is old.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.xhr?.responseURL || new URL(event.detail.xhr.responseURL).pathname !== "/login") return;
    event.detail.shouldSwap = false;
    old();
  });
  // Whoever stood on a control of a swapped block stands there again; what was open stays open.
  let stood = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const block = event.detail.target;
    const here = document.activeElement;
    stood = block?.contains?.(here) && here.id ? here.id : null;
    if (block?.querySelectorAll) block.dataset.open = $$("details[open][id]", block).map((d) => d.id).join(" ");
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    (event.detail.target?.dataset?.open || "").split(" ").filter(Boolean).forEach((id) => { const d = document.getElementById(id); if (d) d.open = true; });
    const again = stood && document.getElementById(stood);
    if (again) { unfold(again); again.focus(); }
  });
  // What an address or the one who stands there means is shown, whatever it is folded into.
  const unfold = (one) => { for (let fold = one?.parentElement?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true; };
  const meant = () => { const one = window.location.hash && document.getElementById(decodeURIComponent(window.location.hash.slice(1))); if (one?.parentElement?.closest("details:not([open])")) { unfold(one); one.scrollIntoView(); } };
  window.addEventListener("hashchange", meant);
  meant();

  // What is ticked or typed in a block stays when the block is swapped under it.
  const fields = (block) => $$("input[id]:not([type=checkbox]):not([type=radio]):not([type=hidden]), select[id]", block);
  const changed = (one) => (one.matches("select") ? !one.selectedOptions[0]?.defaultSelected && one.selectedIndex > 0 : one.value !== one.defaultValue);
  const left = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const block = event.detail.target;
    if (!block?.querySelectorAll) return;
    const ticked = $$("input[name=records]:checked", block).map((box) => box.value);
    const typed = fields(block).filter(changed).map((one) => [one.id, one.value]);
    left.set(block, { ticked, typed });
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const block = event.detail.target;
    const { ticked, typed } = left.get(block) ?? { ticked: [], typed: [] };
    $$("input[name=records]", block).forEach((box) => { if (ticked.includes(box.value)) box.checked = true; });
    typed.forEach(([id, value]) => { const one = document.getElementById(id); if (one && block.contains(one)) one.value = value; });
  });

  // Keys: each has a visible control, none fires in a field, single ones can be switched off.
  const switcher = $("[data-keys-switch]");
  let single = kept.get("keys") !== "off";
  if (switcher) {
    const box = $("input", switcher);
    switcher.hidden = false;
    box.checked = single;
    box.addEventListener("change", () => { single = box.checked; kept.set("keys", single ? "on" : "off"); });
  }
  const places = { i: "/invoices", c: "/customers", t: "/items", get p() { return document.getElementById("open-problems")?.getAttribute("href"); } };
  let before = "";
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); show("go"); return; }
    if (event.key === "Escape" && side?.classList.contains("app-open")) { openMenu(false); return; }
    if (event.key === "Escape" && !$("dialog[open]")) $$("details.app-menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || !single || $("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]")) return;
    const key = event.key;
    if (before === "g" && places[key]) { before = ""; window.location.assign(places[key]); return; }
    before = key;
    const press = (what) => { const one = $(what); if (one) { event.preventDefault(); one.click(); } };
    if (key === "/") { event.preventDefault(); ($("[data-list-search]") || document.getElementById("search"))?.focus(); }
    else if (key === "?") show("keys");
    else if (key === "e") press("[data-edit]");
    else if (key === "t") { const line = document.getElementById("timeline"); if (line) { line.scrollIntoView({ block: "start" }); line.focus(); } }
    else if (key === "[") press("[data-previous]");
    else if (key === "]") press("[data-next]");
    else document.dispatchEvent(new CustomEvent("app:key", { detail: event }));
  });
})();
