// Forms: lines of an invoice, the zone guessed, what is unsaved counted and asked about.
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => Array.from(where.querySelectorAll(what));
  const zone = $("[data-guess-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;

  const form = $("[data-invoice-form]");
  if (form) {
    const lines = $("[data-lines]", form);
    const template = document.getElementById("line-template");
    const total = $("[data-total]", form);
    let next = $$("[data-line]", lines).length;
    const add = () => {
      const made = document.createElement("div");
      made.innerHTML = template.innerHTML.replaceAll("lines.NEW.", `lines.${next}.`).replaceAll('value="NEW"', `value="${next}"`).replaceAll("Line new", `Line ${next + 1}`);
      next += 1;
      const line = made.firstElementChild;
      lines.append(line);
      return line;
    };
    const number = (field) => { const value = Number(field?.value.replace(/,/g, "")); return Number.isFinite(value) ? value : 0; };
    const show = () => {
      const amount = $$("[data-line]", lines).reduce((sum, line) => sum + number($("[data-quantity]", line)) * number($("[data-price-field]", line)) * (1 - number($("[data-discount]", line)) / 100), 0);
      total.hidden = !amount;
      total.textContent = `Lines come to ${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} before tax`;
    };
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
      if (event.target.closest("[data-more]")) { event.preventDefault(); $("select", add()).focus(); }
      const less = event.target.closest("[data-less]");
      if (less) { event.preventDefault(); const line = less.closest("[data-line]"); const near = line.previousElementSibling || line.nextElementSibling; line.remove(); (near ? $("select", near) : $("[data-more]", form)).focus(); show(); }
    });
    show();
  }

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
})();

// Account mapping: a choice is remembered the moment it is made, and leaving with unsaved ones asks.
(() => {
  const form = document.querySelector("[data-mapping-form]");
  if (!form) return;
  const said = form.querySelector("[data-unsaved]");
  const unmapped = form.querySelector("[data-apply-unmapped]");
  let waiting = Number((said?.textContent || "0").replace(/\D/g, ""));
  let leaving = false;
  let asked = Promise.resolve();
  const show = (told) => {
    waiting = told.staged;
    said.textContent = waiting ? `${waiting.toLocaleString("en-US")} unsaved ${waiting === 1 ? "change" : "changes"}` : "";
    if (unmapped) unmapped.textContent = `Apply to Unmapped (${told.open.toLocaleString("en-US")})`;
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
  form.querySelectorAll(".app-tab").forEach((one) => one.addEventListener("click", () => { leaving = true; }));
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
