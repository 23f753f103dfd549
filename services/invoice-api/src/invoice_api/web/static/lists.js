// Lists: moving, selecting, filters that apply at once, choices that stay when a page is left.
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  $$("[data-autosubmit]").forEach((one) => one.addEventListener("change", () => one.form.requestSubmit()));

  const boxes = () => $$("[data-select]");
  const all = $("[data-select-all]");
  const said = $("[data-selected]");
  const clear = $("[data-select-clear]");
  const plain = said?.textContent;
  const show = () => {
    const ticked = boxes().filter((box) => box.checked);
    if (all) { all.checked = ticked.length > 0 && ticked.length === boxes().length; all.indeterminate = ticked.length > 0 && !all.checked; }
    if (said) said.textContent = ticked.length ? `${ticked.length} selected${sum(ticked)}` : plain;
    if (clear) clear.hidden = !ticked.length;
    const bar = $("[data-bulkbar]");
    if (bar) bar.hidden = !ticked.length;
  };
  // Amounts come written out; they are added up only where all have the same sign.
  const sum = (ticked) => {
    const texts = ticked.map((box) => box.closest("[data-amount]")?.dataset.amount).filter(Boolean);
    const sign = texts[0]?.replace(/[\d.,−]/g, "").trim();
    if (!texts.length || texts.some((text) => text.replace(/[\d.,−]/g, "").trim() !== sign)) return "";
    const cents = texts.reduce((total, text) => total + Math.round(Number(text.replace(/[^\d.−]/g, "").replace("−", "-")) * 100), 0);
    const amount = (cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
    return `, ${/^\D/.test(texts[0].replace("−", "")) ? sign + amount : `${amount} ${sign}`}`;
  };
  let lastTicked = null;
  if (all) { all.hidden = false; all.addEventListener("change", () => { boxes().forEach((box) => { box.checked = all.checked; }); show(); }); }
  document.addEventListener("change", (event) => { if (event.target.matches("[data-select]")) { lastTicked = event.target; show(); } });
  clear?.addEventListener("click", () => { boxes().forEach((box) => { box.checked = false; }); show(); });
  document.addEventListener("click", (event) => {
    if (!event.shiftKey || !event.target.matches("[data-select]") || !lastTicked) return;
    range(lastTicked, event.target);
  });
  const range = (from, to) => {
    const list = boxes();
    const [a, b] = [list.indexOf(from), list.indexOf(to)].sort((x, y) => x - y);
    list.slice(a, b + 1).forEach((box) => { box.checked = true; });
    show();
  };
  show();

  // j k x s u f Enter, as the list of keys says.
  const rows = () => $$("[data-row]");
  const current = () => rows().find((row) => row.classList.contains("app-current"));
  const go = (row) => {
    if (!row) return;
    current()?.classList.remove("app-current");
    row.classList.add("app-current");
    ($("[data-open], a[href], select, button", row) || row).focus();
    row.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("app:key", (event) => {
    const key = event.detail.key;
    const list = rows();
    const at = list.indexOf(current());
    if (key === "j") go(list[at + 1]);
    else if (key === "k") go(list[at - 1]);
    else if (key === "x" || key === "X") {
      const box = current() && $("[data-select]", current());
      if (!box) return;
      if (key === "X" && lastTicked) { range(lastTicked, box); return; }
      box.checked = !box.checked; lastTicked = box; box.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (key === "s") $("[data-sync]", current() || document)?.click();
    else if (key === "f") $("select, input:not([type=hidden]), [data-fix]", current() ? $(".app-fixes", current()) || current() : $(".app-fixes") || document)?.focus();
    else if (key === "b" || key === "h") { const radio = current() && $(`input[type=radio][value=${key === "b" ? "business" : "homeowner"}]`, current()); if (radio) radio.click(); }
    else if (key === "u") { const next = $$("[data-mapping]").find((s) => !s.value && s.closest("tr") !== current()); if (next) { go(next.closest("[data-row]")); next.focus(); } }
    else if (key === "Escape") { current()?.classList.remove("app-current"); boxes().forEach((box) => { box.checked = false; }); show(); }
  });
})();

// New rows gather under one button: nothing jumps under the pointer.
(() => {
  const button = document.querySelector("[data-fresh]");
  if (!button) return;
  let fresh = 0;
  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.detail.type !== "recent") return;
    fresh += 1;
    button.hidden = false;
    button.firstElementChild.textContent = `${fresh} new: show`;
  });
})();
