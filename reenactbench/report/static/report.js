"use strict";
// The page says everything without this script; it adds what takes a hand: sorting, filtering, exporting, looking closer.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

document.documentElement.classList.add("js");

// Theme: as the system, light, dark.

const themes = ["", "light", "dark"];
one("#theme").addEventListener("click", (event) => {
  const root = document.documentElement;
  const next = themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  event.currentTarget.textContent = `Theme: ${next || "as the system"}`;
});

// Explanations, on hover and on focus.

const tip = one("#tip");
function explain(event) {
  const of = event.target.closest?.("[data-tip]");
  if (!of) return tip.hidePopover();
  tip.textContent = of.dataset.tip;
  tip.showPopover();
  const place = of.getBoundingClientRect();
  const below = place.bottom + tip.offsetHeight + 8 < innerHeight;
  tip.style.top = `${below ? place.bottom + 6 : Math.max(4, place.top - tip.offsetHeight - 6)}px`;
  tip.style.left = `${Math.max(4, Math.min(place.left, innerWidth - tip.offsetWidth - 8))}px`;
}
for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, explain);
document.addEventListener("keydown", (event) => event.key === "Escape" && tip.hidePopover());

// Sorting: the better side first, then the other way, then as the report was written.

for (const table of all("table.results")) {
  const body = one("tbody", table);
  const written = [...body.rows];
  all("thead th[scope=col]", table).forEach((head, column) => {
    const button = one(".sort", head);
    button?.addEventListener("click", () => {
      const first = head.dataset.better === "low" ? "ascending" : "descending";
      const second = first === "ascending" ? "descending" : "ascending";
      const was = head.getAttribute("aria-sort");
      const now = { [first]: second, [second]: null }[was] ?? (was ? null : first);
      for (const other of all("[aria-sort]", table)) other.removeAttribute("aria-sort");
      if (now) head.setAttribute("aria-sort", now);
      const sign = now === "ascending" ? 1 : -1;
      const value = (row) => row.cells[column].dataset.order;
      const order = (a, b) => (value(a) === "") - (value(b) === "") || sign * (value(a) - value(b));
      body.append(...(now ? written.toSorted(order) : written));
    });
  });
}

// Filtering: by protocol, split and method, in all tables at once.

const filters = one(".filters");
if (filters) {
  const tables = all(".result");
  const methods = [...new Set(all("tr[data-method]").map((row) => row.dataset.method))];
  for (const name of ["protocol", "split"]) {
    const found = [...new Set(tables.map((table) => table.dataset[name]))];
    filters.elements[name].append(...found.map((text) => new Option(text, text)));
  }
  for (const method of methods) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: method, checked: true });
    label.append(box, ` ${method}`);
    one("fieldset", filters).append(label);
  }
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", () => {
    const wanted = new Set(all("input:checked", filters).map((box) => box.value));
    const { protocol, split } = filters.elements;
    for (const table of tables) {
      table.hidden = [protocol, split].some(({ name, value }) => value && table.dataset[name] !== value);
    }
    for (const row of all("tr[data-method]")) row.hidden = !wanted.has(row.dataset.method);
    const shown = tables.filter((table) => !table.hidden).length;
    one("[role=status]", filters).textContent = `${shown} of ${tables.length} tables`;
  });
}

// Exporting a table: the file that `reenactbench report --format` would hold of it.

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
for (const button of all("[data-export]")) {
  button.addEventListener("click", () => {
    const result = button.closest(".result");
    const ending = button.dataset.export;
    save(`${one("caption", result).id}.${ending}`, JSON.parse(one(".exports", result).textContent)[ending]);
  });
}

// Comparisons: one matrix at a time.

for (const browser of all(".matrices")) {
  const shown = all("[data-pairs]", browser);
  const choices = all("select", browser);
  for (const choice of choices) {
    const found = [...new Set(shown.map((matrix) => matrix.dataset[choice.name]))];
    choice.append(...found.map((text) => new Option(text, text)));
  }
  const pairs = choices[0];
  pairs.selectedIndex = pairs.length - 1; // all pairs, which stand last
  const choose = () => {
    for (const matrix of shown) matrix.hidden = choices.some(({ name, value }) => matrix.dataset[name] !== value);
  };
  browser.addEventListener("change", choose);
  choose();
}
