// Lists: moving, selecting, filters that apply at once, choices that stay when a page is left.
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  $$("[data-autosubmit]").forEach((one) => one.addEventListener("change", () => one.form.requestSubmit()));

  // Looked up each time: a block may have been swapped meanwhile.
  const boxes = () => $$("[data-select]");
  const all = () => $("[data-select-all]");
  const chosen = new Set(); // what this person ticked on this page, not what came ticked
  const plain = $("[data-selected]")?.textContent;
  // A review keeps its ticks at once, by whatever they were set.
  const ticksChanged = () => $("[data-review]")?.dispatchEvent(new Event("app:ticks"));
  const show = () => {
    const ticked = boxes().filter((box) => box.checked);
    const [every, said, clear, bar] = [all(), $("[data-selected]"), $("[data-select-clear]"), $("[data-bulkbar]")];
    if (every) { every.hidden = false; every.checked = ticked.length > 0 && ticked.length === boxes().length; every.indeterminate = ticked.length > 0 && !every.checked; }
    if (said) said.textContent = ticked.length ? `${ticked.length} selected${sum(ticked)}` : plain;
    if (clear) clear.hidden = !ticked.length;
    if (bar) bar.hidden = !ticked.length;
  };
  const tick = (list, on) => { list.forEach((box) => { box.checked = on; if (on) chosen.add(box); else chosen.delete(box); }); show(); };
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
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select]")) { lastTicked = event.target; tick([event.target], event.target.checked); }
    else if (event.target === all()) tick(boxes(), event.target.checked);
  }, true); // before whoever sends what is ticked
  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-select-clear]")) tick(boxes(), false); });
  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("click", (event) => {
    if (!event.shiftKey || !event.target.matches("[data-select]") || !lastTicked) return;
    range(lastTicked, event.target);
  });
  const range = (from, to) => {
    const list = boxes();
    const [a, b] = [list.indexOf(from), list.indexOf(to)].sort((x, y) => x - y);
    tick(list.slice(a, b + 1), true);
    ticksChanged();
  };
  document.addEventListener("htmx:oobAfterSwap", show);
  show();

  // j k x s u f Enter, as the list of keys says.
  const rows = () => $$("[data-row]").filter((row) => !row.closest("details:not([open])"));
  const current = () => rows().find((row) => row.classList.contains("app-current"));
  const go = (row) => {
    if (!row) return;
    current()?.classList.remove("app-current");
    row.classList.add("app-current");
    ($("[data-open], a[href], select, button", row) || row).focus();
    row.scrollIntoView({ block: "nearest" });
  };
  // Syncing writes to the books: in a list it is of what is ticked or current, never of what comes first.
  const sync = () => {
    if (!rows().length) { $("[data-sync]")?.click(); return; }
    const many = $$("[data-bulk-sync]");
    if (!many.length || !boxes().some((box) => box.checked)) { current()?.querySelector("[data-sync]")?.click(); return; }
    if (many.length === 1) many[0].click(); else many[0].focus();
  };
  const fix = () => {
    const scope = current() || (rows().some((row) => !row.matches("section")) ? null : document);
    const fixes = scope && $(".app-listed, .app-fixes", scope);
    $("select, input:not([type=hidden]), [data-fix]", fixes || document.createElement("i"))?.focus();
    if (scope && !fixes) $("[data-fix]", scope)?.focus();
  };
  const retype = (kind) => {
    const ticked = boxes().filter((box) => box.checked && chosen.has(box)).map((box) => box.closest("[data-row]"));
    (ticked.length ? ticked : [current()]).forEach((row) => row && $(`input[type=radio][value=${kind}]:not(:checked)`, row)?.click());
  };
  const unmapped = () => {
    const all = $$("[data-mapping]");
    const at = all.findIndex((select) => select.closest("[data-row]") === current());
    const next = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))].find((select) => !select.value);
    if (next) { go(next.closest("[data-row]")); next.focus(); }
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
    } else if (key === "s") sync();
    else if (key === "f") fix();
    else if (key === "b" || key === "h") retype(key === "b" ? "business" : "homeowner");
    else if (key === "u") unmapped();
    else if (key === "Escape") { current()?.classList.remove("app-current"); if (!$("[data-review]")) tick(boxes(), false); }
  });
})();
