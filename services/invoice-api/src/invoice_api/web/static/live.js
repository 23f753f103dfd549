// What changes elsewhere shows here by itself: one stream a page, one question in two seconds.
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  const main = $(".app-main");
  if (!main) return;
  // Longer than the server's own pause between two words on a list: nothing is lost between them.
  const PAUSE = 2000;
  const REST = 20000;
  // Whether something may have changed while nobody could say so.
  let missed = false;
  // Of when the page is: its first stream says whether anything changed before it began.
  let asOf = main.dataset.asOf;

  // A browser has six connections to a host: a page that nobody looks at gives its own back.
  class Stream {
    constructor(url) {
      this.url = url;
      this.heard = [];
      this.start(asOf ? `${url}${url.includes("?") ? "&" : "?"}since=${asOf}` : url);
      asOf = "";
      document.addEventListener("visibilitychange", () => this.look());
    }

    get readyState() { return this.inner.readyState; }

    start(url = this.url) {
      const inner = new EventSource(url, { withCredentials: true });
      inner.onopen = (event) => this.onopen?.(event);
      inner.onerror = (event) => this.onerror?.(event);
      this.heard.forEach(([name, hear]) => inner.addEventListener(name, hear));
      this.inner = inner;
    }

    addEventListener(name, hear) { this.heard.push([name, hear]); this.inner.addEventListener(name, hear); }

    removeEventListener(name, hear) { this.heard = this.heard.filter(([n, h]) => n !== name || h !== hear); this.inner.removeEventListener(name, hear); }

    close() { this.over = true; this.inner.close(); }

    look() {
      window.clearTimeout(this.timer);
      if (this.over) return;
      if (!document.hidden) { if (this.resting) { this.resting = false; missed = true; this.start(); } return; }
      this.timer = window.setTimeout(() => {
        if (this.inner.readyState === EventSource.CLOSED) { this.over = true; return; }
        this.resting = true;
        this.inner.close();
      }, REST);
    }
  }
  if (window.htmx) window.htmx.createEventSource = (url) => new Stream(url);

  // After news, and not at once: what comes in the meantime is in the same answer.
  const soon = (ask) => {
    let timer = 0;
    let late = false;
    const now = () => { timer = 0; late = document.hidden; if (!late) ask(); };
    document.addEventListener("visibilitychange", () => { if (late) now(); });
    return () => { timer = timer || window.setTimeout(now, PAUSE); };
  };
  const read = async (address) => {
    try {
      const answer = await window.fetch(address, { headers: { "HX-Request": "true" } });
      if (answer.redirected) document.dispatchEvent(new CustomEvent("app:stale"));
      if (!answer.ok || answer.redirected) return null;
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return null; }
  };

  // Rows stay where they are while the pointer is on them: what stands over them keeps its height.
  const still = (block, height) => {
    const list = window.matchMedia("(hover: hover)").matches && $("[data-list]:hover");
    if (!list || !block.hasAttribute("data-still")) return;
    block.style.height = `${height}px`;
    block.style.overflow = "hidden";
    list.addEventListener("pointerleave", () => { block.style.height = ""; block.style.overflow = ""; }, { once: true });
  };
  const refocus = (here, there, swap) => {
    const at = document.activeElement;
    const stood = here.contains(at) ? { id: at.id, href: at.getAttribute("href"), self: at === here } : null;
    const open = $$("details[open][id]", here).map((one) => one.id);
    swap();
    open.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
    if (!stood) return;
    const again = stood.self ? there : (stood.id && document.getElementById(stood.id)) || $$("a[href]", there).find((link) => link.getAttribute("href") === stood.href);
    (again || document.getElementById("content")).focus({ preventScroll: true });
  };
  const typing = (block) => block.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  // What is chosen and not saved yet stays: the block is shown anew once that is decided.
  const chosen = (field) => {
    if (field.matches("[type=hidden]")) return false;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (!field.matches("select")) return field.value !== field.defaultValue;
    const set = Array.from(field.options).findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(set, 0);
  };
  const put = (told, id, later) => {
    const here = document.getElementById(id);
    const there = told.getElementById(id);
    if (!here || !there || here.innerHTML === there.innerHTML) return;
    if ($$("input, select, textarea", here).some(chosen)) return;
    if (typing(here)) { here.addEventListener("focusout", later, { once: true }); return; }
    const height = here.getBoundingClientRect().height;
    refocus(here, there, () => here.replaceWith(there));
    window.htmx?.process(there);
    still(there, height);
  };

  // Banners: said when one comes, not each time that its number changes.
  const banners = (told) => {
    const here = document.getElementById("banners");
    const fresh = $$("[data-banner]", told);
    $$("[data-banner]", here).forEach((one) => {
      const same = fresh.find((other) => other.dataset.banner === one.dataset.banner);
      if (!same) { refocus(one, here, () => one.remove()); return; }
      fresh.splice(fresh.indexOf(same), 1);
      const [words, now] = [one, same].map((banner) => $("[data-banner-sentence]", banner));
      if (words.textContent === now.textContent) return;
      one.setAttribute("aria-live", "off");
      words.textContent = now.textContent;
    });
    here.append(...fresh);
  };
  const shell = soon(async () => {
    const told = await read("/shell");
    if (!told) return;
    banners(told);
    ["open-problems", "attention", "unread"].forEach((id) => put(told, id));
  });

  // A list: what stands over it, rows that move on, and how many there are that it doesn't show.
  const rows = (where) => new Map($$("[data-row][data-id]", where).map((row) => [row.dataset.id, row]));
  const count = (list, ids) => {
    const button = $("[data-fresh]");
    if (!button || list.hasAttribute("data-later")) return;
    const shown = rows(document);
    const known = ids.map((id) => shown.has(id));
    const last = known.lastIndexOf(true);
    const fresh = known.filter((one, at) => !one && (!list.hasAttribute("data-more") || last < 0 || at < last)).length;
    button.hidden = !fresh;
    button.firstElementChild.textContent = `${fresh}${fresh >= 50 ? "+" : ""} new: show`;
  };
  const listed = (list, told) => {
    const fresh = rows(told);
    const ids = $("[data-list-ids]", told)?.dataset.listIds.split(" ").filter(Boolean) || [...fresh.keys()];
    rows(document).forEach((row, id) => {
      const there = fresh.get(id);
      if (there && row.innerHTML !== there.innerHTML) refocus(row, row, () => { row.innerHTML = there.innerHTML; });
    });
    count(list, ids);
  };

  // data-watch names the events after which a block is asked for again, data-from where, and
  // data-puts which blocks are in the answer.
  const watches = $$("[data-watch]").map((block) => {
    const news = soon(async () => {
      const told = await read(block.dataset.from || window.location.href);
      if (!told) return;
      (block.dataset.puts || block.id).split(" ").forEach((id) => put(told, id, news));
      if (block.matches("[data-list]")) listed(block, told);
    });
    return { names: block.dataset.watch.split(" "), news };
  });

  const hear = (source) => {
    const told = new Map([["cause", [shell]], ["integration", [shell]]]);
    watches.forEach(({ names, news }) => names.forEach((name) => told.set(name, [...(told.get(name) || []), news])));
    source.addEventListener("missed", catchUp);
    told.forEach((all, name) => source.addEventListener(name, () => all.forEach((news) => news())));
  };
  // Nobody said meanwhile what changed: all is asked for once.
  const catchUp = () => { shell(); watches.forEach(({ news }) => news()); $$("[hx-trigger*=catch-up]").forEach((block) => window.htmx.trigger(block, "catch-up")); };
  const known = new WeakSet();
  document.addEventListener("htmx:sseError", () => { missed = true; });
  document.addEventListener("htmx:sseOpen", (event) => {
    const { source } = event.detail;
    if (!known.has(source)) { known.add(source); hear(source); }
    // Not by every page at once.
    if (missed) window.setTimeout(catchUp, Math.random() * PAUSE);
    missed = false;
  });
  // A page without a stream of its own has the shell's.
  const connect = () => {
    if ($("[sse-connect]")) return false;
    main.setAttribute("hx-ext", "sse");
    main.setAttribute("sse-connect", "/live");
    return true;
  };
  connect();
  document.addEventListener("htmx:sseClose", () => window.setTimeout(() => { if (connect()) window.htmx.process(main); }, 0));
})();
