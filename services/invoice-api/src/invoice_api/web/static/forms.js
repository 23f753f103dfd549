// Forms: lines of an invoice, the zone guessed, what is unsaved counted and asked about.
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  const zone = $("[data-guess-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;

  // The currency of where the browser says that it is, if it is one of those offered.
  const currency = $("[data-guess-currency]");
  if (currency) {
    const euro = "AT BE HR CY EE FI FR DE GR IE IT LV LT LU MT NL PT SK SI ES".split(" ");
    const own = { US: "USD", CA: "CAD", GB: "GBP", AU: "AUD", NZ: "NZD", ...Object.fromEntries(euro.map((land) => [land, "EUR"])) };
    const guessed = own[(() => { try { return new Intl.Locale(navigator.language).maximize().region; } catch { return ""; } })()];
    if (guessed && Array.from(currency.options).some((option) => option.value === guessed)) currency.value = guessed;
  }
  for (const field of $$("[data-password]")) {
    const [input, button, strength] = ["input", "[data-show-password]", "[data-strength]"].map((what) => $(what, field));
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? "Hide" : "Show";
      input.focus();
    });
    input.addEventListener("input", () => {
      const text = input.value;
      const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
      const different = new Set(text).size;
      const words = !text ? "" : text.length < 8 ? `Too short: ${8 - text.length} more.` : different < 5 ? "Weak: too much of the same." : text.length >= 16 || (text.length >= 12 && kinds > 2) ? "Strong." : text.length >= 12 || kinds > 2 ? "Good." : "Fair: longer is stronger.";
      if (strength.textContent !== words) strength.textContent = words;
    });
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }

  // After a log-in in the middle of a form: back to its page, and everything typed with it.
  const KEPT = "kept-form";
  const carrier = $("[data-kept]");
  if (carrier) {
    const pairs = $$("[data-kept-field]", carrier).map((field) => [field.name, field.value]);
    try {
      window.sessionStorage.setItem(KEPT, JSON.stringify({ page: carrier.dataset.page, path: carrier.getAttribute("action"), pairs }));
      window.location.replace(carrier.dataset.page);
    } catch { /* no storage: the form on this page sends it */ }
  }

  // Typing on a closed drop-down finds any word of a choice: "serv" finds "4000 Services".
  let typed = "";
  let said = 0;
  let field = null;
  const tell = () => { if (!field) return; const one = field; field = null; one.dispatchEvent(new Event("input", { bubbles: true })); one.dispatchEvent(new Event("change", { bubbles: true })); };
  document.addEventListener("keydown", (event) => {
    const select = event.target;
    if (!select.matches?.("select.form-select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.length !== 1 || (event.key === " " && !typed)) { typed = ""; if (event.key !== "Shift") tell(); return; }
    event.preventDefault();
    if (field !== select) { tell(); typed = ""; }
    typed += event.key.toLowerCase();
    const found = [(words) => words.startsWith(typed), (words) => words.includes(` ${typed}`), (words) => words.includes(typed)].map((fits) => Array.from(select.options).find((option) => option.value && !option.disabled && fits(option.text.toLowerCase()))).find(Boolean);
    window.clearTimeout(said);
    said = window.setTimeout(() => { typed = ""; tell(); }, 900);
    field = field || select;
    if (found) select.value = found.value;
  });
  document.addEventListener("focusout", (event) => { if (event.target === field) { typed = ""; tell(); } });

  const form = $("[data-invoice-form]");
  if (form) {
    const lines = $("[data-lines]", form);
    const template = document.getElementById("line-template");
    const FIRST = "[role=combobox], select";
    const total = $("[data-total]", form);
    let next = $$("[data-line]", lines).length;
    const add = () => {
      const made = document.createElement("div");
      made.innerHTML = template.innerHTML.replaceAll("lines.NEW.", `lines.${next}.`).replaceAll('value="NEW"', `value="${next}"`).replaceAll("Line new", `Line ${next + 1}`);
      next += 1;
      const line = made.firstElementChild;
      lines.append(line);
      line.dispatchEvent(new CustomEvent("line-added", { bubbles: true }));
      return line;
    };
    // A number as the form reads it: currency signs and thousands aside, a comma before cents.
    const number = (field) => {
      const text = (field?.value || "").replace(/[\s' ’()$£€¥%]|[A-Z]{3}$/g, "");
      const mark = /^-?0,\d+$/.test(text) || /,\d{1,2}$/.test(text) || /,\d{4,6}$/.test(text) || (/\.\d{3}(\.|,)/.test(text) && text.includes(",")) ? "," : ".";
      const value = Number(text.replaceAll(mark === "," ? "." : ",", "").replace(mark, "."));
      return Number.isFinite(value) ? value : 0;
    };
    const written = (field) => Boolean(field?.value.trim());
    const places = (() => { try { return new Intl.NumberFormat("en-US", { style: "currency", currency: form.dataset.currency }).resolvedOptions().maximumFractionDigits; } catch { return 2; } })();
    const money = (amount) => { try { return amount.toLocaleString("en-US", { style: "currency", currency: form.dataset.currency }); } catch { return amount.toFixed(2); } };
    const amountOf = (line) => {
      const [quantity, price] = [$("[data-quantity]", line), $("[data-price-field]", line)];
      const each = written(price) ? number(price) : Number($("[data-item]", line).selectedOptions[0]?.dataset.price || 0);
      // Left empty, the quantity is one.
      const amount = (written(quantity) ? number(quantity) : 1) * each * (1 - number($("[data-discount]", line)) / 100);
      return Math.round(amount * 10 ** places + Math.sign(amount) * 1e-6) / 10 ** places;
    };
    const included = $("[name=prices_include_tax]", form);
    const show = () => {
      let sum = 0;
      for (const line of $$("[data-line]", lines)) {
        const amount = amountOf(line);
        sum += amount;
        $("[data-amount]", line).textContent = amount ? money(amount) : "";
      }
      total.hidden = !sum;
      total.textContent = `Lines come to ${money(sum)} ${included.checked ? "with" : "before"} tax`;
    };
    included.addEventListener("change", show);
    const whole = (event) => {
      const select = event.target;
      if (!select.matches?.("[data-short]")) return;
      select.removeAttribute("data-short");
      const own = select.value;
      for (const option of $$("[data-item] option", $("#line-template").content)) if (option.value && option.value !== own) select.append(option.cloneNode(true));
    };
    lines.addEventListener("focusin", whole);
    lines.addEventListener("change", (event) => {
      if (!event.target.matches("[data-item]")) return;
      const line = event.target.closest("[data-line]");
      const chosen = event.target.selectedOptions[0];
      const [price, words, quantity] = ["[data-price-field]", "[name$=description]", "[data-quantity]"].map((what) => $(what, line));
      if (chosen.dataset.price) price.value = chosen.dataset.price;
      if (!words.value && chosen.dataset.description) words.value = chosen.dataset.description;
      if (!quantity.value && chosen.value) quantity.value = "1";
      const all = $$("[data-line]", lines);
      if (chosen.value && line === all.at(-1)) add();
      show();
    });
    lines.addEventListener("input", show);
    form.addEventListener("click", (event) => {
      if (event.target.closest("[data-more]")) { event.preventDefault(); $(FIRST, add()).focus(); }
      const less = event.target.closest("[data-less]");
      if (less) { event.preventDefault(); const line = less.closest("[data-line]"); const near = line.previousElementSibling || line.nextElementSibling; line.remove(); (near ? $(FIRST, near) : $("[data-more]", form)).focus(); show(); }
    });
    show();
  }

  const refill = (into, pairs) => {
    // Lines are matched by their order: the page may number them anew.
    const places = [...new Set(pairs.map(([name]) => name.match(/^lines\.(\d+)\./)?.[1]).filter(Boolean))];
    while (places.length > $$("[data-line]", into).length && $("[data-more]", into)) $("[data-more]", into).click();
    const lines = $$("[data-line]", into);
    const fields = Array.from(into.elements); // rows of a list belong to their form from outside of it
    const named = (name) => {
      const line = name.match(/^lines\.(\d+)\.(.+)$/);
      if (line) return $$("[name]", lines[places.indexOf(line[1])] || into).filter((f) => f.name.endsWith(`.${line[2]}`));
      return fields.filter((f) => f.name === name);
    };
    fields.filter((f) => f.matches("[type=checkbox], [type=radio]")).forEach((box) => { box.checked = pairs.some(([name, value]) => name === box.name && value === box.value); });
    for (const [name, value] of pairs) for (const field of named(name)) {
      if (field.matches("[type=checkbox], [type=radio], button")) continue;
      if (field.type !== "hidden" || name === "etag") field.value = value;
      if (value && field.value !== value) field.dispatchEvent(new CustomEvent("choose", { detail: value }));
    }
    const note = document.createElement("div");
    note.className = "alert alert-warning";
    note.setAttribute("role", "status");
    note.textContent = "You were logged out meanwhile. What you typed is back, and not saved yet.";
    const folded = into.closest("details");
    if (folded) folded.open = true;
    // A field named "before" hides the form's own method of that name.
    into.parentNode.insertBefore(note, into);
    into.dispatchEvent(new Event("input", { bubbles: true }));
    fields.find((f) => f.matches("[data-select]"))?.dispatchEvent(new Event("change", { bubbles: true }));
    $("[data-lines]", into)?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // Several forms of a page may go to the same address: the one that has these fields, and whose
  // fixed ones say the same.
  const sentBy = (kept) => {
    const goes = (one) => [one, ...one.elements].some((part) => part.getAttribute(part === one ? "action" : "formaction") === kept.path);
    const fits = (one) => kept.pairs.filter(([name, value]) => Array.from(one.elements).some((f) => f.name === name && (f.type !== "hidden" || f.value === value))).length;
    return $$("form[method=post]").filter(goes).reduce((best, one) => (best && fits(best) >= fits(one) ? best : one), null);
  };
  const giveBack = () => {
    const packed = carrier ? null : window.sessionStorage.getItem(KEPT);
    if (!packed) return;
    const kept = JSON.parse(packed);
    if (kept.page !== window.location.pathname + window.location.search) return;
    window.sessionStorage.removeItem(KEPT);
    const into = sentBy(kept);
    if (into) refill(into, kept.pairs);
  };

  // What is unsaved is counted, and leaving with it asks.
  const counted = $("[data-counts-changes]");
  if (counted) {
    const fields = () => $$("input:not([type=hidden]), select, textarea", counted).filter((f) => f.name && !f.dataset.free);
    const now = (field) => (field.type === "checkbox" || field.type === "radio" ? String(field.checked) : field.value);
    const first = new Map(fields().map((field) => [field, now(field)]));
    const unsaved = $("[data-unsaved]", counted);
    let leaving = false;
    const count = () => fields().filter((field) => first.get(field) !== now(field)).length;
    counted.addEventListener("input", () => { const n = count(); unsaved.textContent = n ? `${n} unsaved ${n === 1 ? "change" : "changes"}` : ""; });
    counted.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("beforeunload", (event) => { if (!leaving && count()) event.preventDefault(); });
  }
  // Leaving what was begun asks first.
  const begun = $("form[data-asks]");
  if (begun) {
    const state = () => JSON.stringify(Array.from(new FormData(begun)).filter(([, value]) => value !== ""));
    const first = begun.dataset.asks === "now" ? "" : state();
    let leaving = false;
    begun.addEventListener("submit", () => { leaving = true; });
    $$("[data-leaves]", begun).forEach((link) => link.addEventListener("click", () => { leaving = true; }));
    window.addEventListener("beforeunload", (event) => { if (!leaving && state() !== first) event.preventDefault(); });
  }
  try { giveBack(); } catch { /* no storage, nothing kept */ }
})();

// Account mapping: a choice is remembered the moment it is made, and leaving with unsaved ones asks.
(() => {
  const form = document.querySelector("[data-mapping-form]");
  if (!form) return;
  // Looked up each time: what is in the form comes anew when the accounts have been loaded.
  const said = () => form.querySelector("[data-unsaved]");
  let waiting = Number((said()?.textContent || "0").replace(/\D/g, ""));
  let leaving = false;
  let asked = Promise.resolve();
  const show = (told) => {
    waiting = told.staged;
    said().textContent = waiting ? `${waiting.toLocaleString("en-US")} unsaved ${waiting === 1 ? "change" : "changes"}` : "";
    const unmapped = form.querySelector("[data-apply-unmapped]");
    if (unmapped) { unmapped.textContent = `Apply to Unmapped (${told.open.toLocaleString("en-US")})`; unmapped.disabled = !told.open; }
    const undo = form.querySelector("[data-undo-all]");
    if (undo) undo.hidden = !waiting;
  };
  form.addEventListener("change", (event) => {
    const select = event.target;
    if (!select.matches("[data-mapping]")) return;
    const note = select.closest("td").querySelector("[data-note]");
    note.textContent = select.value === select.dataset.original ? "" : "unsaved";
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, item: select.dataset.item, account: select.value });
    asked = asked.then(async () => {
      const answer = await window.fetch(form.dataset.stage, { method: "POST", body, keepalive: true });
      if (answer.ok) show(await answer.json());
    }).catch(() => { note.textContent = "unsaved"; });
  });
  form.addEventListener("submit", () => { leaving = true; });
  document.querySelectorAll("[role=search]").forEach((one) => one.addEventListener("submit", () => { leaving = true; }));
  form.addEventListener("click", (event) => { if (event.target.closest(".app-tab")) leaving = true; });
  window.addEventListener("beforeunload", (event) => { if (!leaving && waiting) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); form.requestSubmit(form.querySelector("[data-save]")); }
    const select = event.target;
    if (event.altKey || !select.matches?.("[data-mapping]") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    // Arrows move between rows; Alt and an arrow, or Enter, opens the list.
    const all = Array.from(form.querySelectorAll("[data-mapping]"));
    const to = all[all.indexOf(select) + (event.key === "ArrowDown" ? 1 : -1)];
    if (to) { event.preventDefault(); to.focus(); }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-mapping]")) { event.preventDefault(); event.target.showPicker?.(); }
  });
})();
