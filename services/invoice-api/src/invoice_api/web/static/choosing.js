// A search beside a drop-down of many becomes one field: type, and choose from what is found.
(() => {
  let made = 0;
  const words = { customers: ["customer", "customers"], items: ["item", "items"] };

  const ask = async (kind, query, signal) => {
    const answer = await window.fetch(`/invoices/choices/${kind}?${new URLSearchParams(query)}`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error("no answer");
    return answer.json();
  };

  const enhance = (find) => {
    if (find.dataset.ready) return;
    find.dataset.ready = "yes";
    const kind = find.dataset.find;
    const [one, several] = words[kind];
    const input = find.querySelector("input[type=text]");
    const select = find.parentElement.querySelector("select");
    const hint = find.parentElement.querySelector("[data-found]");
    const list = document.createElement("ul");
    const said = document.createElement("p");
    made += 1;
    list.id = `found-${made}`;
    list.className = "app-found";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", several[0].toUpperCase() + several.slice(1));
    list.hidden = true;
    said.className = "app-found-said form-hint";
    said.setAttribute("role", "status");
    find.querySelectorAll("label, button, input[type=hidden]").forEach((each) => each.remove());
    // The field takes the drop-down's place: its label, its error and the links to it.
    input.id = select.id;
    select.removeAttribute("id");
    select.hidden = true;
    input.removeAttribute("name");
    const set = (attributes) => Object.entries(attributes).forEach(([name, value]) => input.setAttribute(name, value));
    set({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, "aria-haspopup": "listbox" });
    for (const name of ["aria-invalid", "aria-describedby", "required"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    select.removeAttribute("required");
    if (select.classList.contains("is-invalid")) input.classList.add("is-invalid");
    if (hint) hint.textContent = "";
    find.append(list);
    find.after(said);

    let asking = null;
    let waiting = 0;
    let active = -1;
    const chosen = () => (select.value ? select.selectedOptions[0].text : "");
    const rows = () => Array.from(list.children);
    const tell = (text) => { said.textContent = text; };
    const mark = (at) => {
      active = at;
      rows().forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
      const row = rows()[at];
      if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
    };
    const close = () => { window.clearTimeout(waiting); asking?.abort(); list.hidden = true; input.setAttribute("aria-expanded", "false"); mark(-1); };
    const back = () => { close(); tell(""); input.value = chosen(); };
    const choose = (found) => {
      let option = Array.from(select.options).find((each) => each.value === found.value);
      if (!option) { option = new Option(found.label, found.value); select.append(option); }
      if (kind === "items") { option.dataset.price = found.price; option.dataset.description = found.description; } else option.text = [found.label, found.beside].filter(Boolean).join(" · ");
      select.value = found.value;
      back();
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const show = (answer, first) => {
      list.replaceChildren(...answer.options.map((found, n) => {
        const row = document.createElement("li");
        row.id = `${list.id}-${n}`;
        row.setAttribute("role", "option");
        const beside = document.createElement("span");
        beside.className = "app-quiet";
        beside.textContent = found.beside;
        row.append(`${found.label} `, beside);
        row.addEventListener("mousedown", (event) => { event.preventDefault(); choose(found); });
        row.choice = found;
        return row;
      }));
      const count = answer.options.length;
      list.hidden = !count;
      input.setAttribute("aria-expanded", String(Boolean(count)));
      mark(first && count ? 0 : -1);
      if (!count) tell(`No ${one} has “${input.value.trim()}” in it.`);
      else if (!first) tell(`The newest ${several}. Type to find any other.`);
      else tell(answer.more ? `The first ${count} of those found. Type more to find fewer.` : `${count} found.`);
    };
    const look = async (text) => {
      asking?.abort();
      asking = new AbortController();
      const { signal } = asking;
      try { show(await ask(kind, { q: text }, signal), Boolean(text)); } catch { if (!signal.aborted) { close(); tell(`${several[0].toUpperCase()}${several.slice(1)} can't be looked up right now. Type again in a moment.`); } }
    };
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => look(input.value.trim()), 150);
    });
    input.addEventListener("click", () => { if (list.hidden) look(""); });
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      const cleared = !input.value.trim() && select.value;
      if (cleared) { select.value = ""; select.dispatchEvent(new Event("change", { bubbles: true })); }
      back();
    });
    input.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.isComposing) return;
      const count = rows().length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) look(input.value === chosen() ? "" : input.value.trim());
        else mark(event.key === "ArrowDown" ? (active + 1) % count : (active + count - (active < 0 ? 0 : 1)) % count);
      } else if (event.key === "Enter") {
        // What is typed and not chosen isn't sent: Enter chooses, or looks at once.
        if (!list.hidden && active >= 0) { event.preventDefault(); choose(rows()[active].choice); } else if (input.value.trim() && input.value !== chosen()) { event.preventDefault(); window.clearTimeout(waiting); look(input.value.trim()); }
      } else if (event.key === "Escape" && (!list.hidden || input.value !== chosen())) {
        event.preventDefault();
        event.stopPropagation();
        back();
      } else if (event.key === "Tab" && !list.hidden && active >= 0) choose(rows()[active].choice);
    });
    select.addEventListener("choose", async (event) => {
      const known = (await ask(kind, { id: event.detail }).catch(() => ({ options: [] }))).options[0];
      if (known) choose(known);
    });
    select.addEventListener("change", () => { input.value = chosen(); });
    input.value = chosen();
  };

  const all = (where) => where.querySelectorAll("[data-find]").forEach(enhance);
  all(document);
  document.addEventListener("line-added", (event) => all(event.target));
})();
