"use strict";
// The page says everything without this script; it adds what takes a hand: sorting, filtering, exporting, looking closer.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

document.documentElement.classList.add("js");

// Theme: auto, light, dark.

const themes = ["", "light", "dark"];
one("#theme").addEventListener("click", (event) => {
  const root = document.documentElement;
  const next = themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  event.currentTarget.textContent = `Theme: ${next || "auto"}`;
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

for (const table of all(".result table")) {
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

function save(name, url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
for (const button of all("[data-export]")) {
  button.addEventListener("click", () => {
    const result = button.closest(".result");
    const ending = button.dataset.export;
    const text = JSON.parse(one(".exports", result).textContent)[ending];
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    save(`${one("caption", result).id}.${ending}`, url);
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
}

// Pictures: each table of them is one stop of the Tab key, arrow keys move in it, and a click or Enter looks closer.

const look = one("#look");
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let looked = null;

function beside(image, [right, down]) {
  const middle = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [x, y] = middle(image);
  let best = null;
  let nearest = Infinity;
  for (const other of all("img", image.closest("table"))) {
    const [dx, dy] = middle(other).map((place, axis) => place - [x, y][axis]);
    const along = dx * right + dy * down;
    const distance = along + 4 * Math.abs(dx * down + dy * right);
    if (other.offsetWidth && along > 1 && distance < nearest) [best, nearest] = [other, distance];
  }
  return best;
}
function lookAt(image) {
  looked = image;
  const shown = image.cloneNode();
  shown.removeAttribute("tabindex");
  shown.removeAttribute("role");
  one("div", look).replaceChildren(shown);
  one("#look-words").textContent = image.alt;
  if (!look.open) look.showModal();
}
function moved(event, image, go) {
  const way = arrows[event.key];
  const next = way && beside(image, way);
  if (way) event.preventDefault();
  if (next) go(next);
}
for (const table of all("table.pictures")) {
  const pictures = all("img", table);
  pictures.forEach((image, place) => {
    image.role = "button";
    image.tabIndex = place ? -1 : 0;
  });
  table.addEventListener("click", (event) => event.target.matches("img") && lookAt(event.target));
  table.addEventListener("keydown", (event) => {
    if (!event.target.matches("img")) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return lookAt(event.target);
    }
    moved(event, event.target, (next) => {
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
}
look.addEventListener("keydown", (event) => moved(event, looked, lookAt));
look.addEventListener("click", (event) => event.target.matches("dialog, button, img") && look.close());
look.addEventListener("close", () => looked.focus());

for (const box of all("input[name=errors]")) {
  box.addEventListener("change", () => {
    for (const error of all(".error", box.closest("section"))) error.hidden = !box.checked;
  });
}

// Moving pictures: one film holds everybody; each is drawn on a canvas of its own, so that they wrap on a narrow screen.

function local(url) {
  // Browsers seek in a blob, but not all of them in a data address.
  if (!url.startsWith("data:")) return url;
  const [kind, content] = url.slice(5).split(";base64,");
  return URL.createObjectURL(new Blob([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], { type: kind }));
}

for (const figure of all(".moving")) {
  const film = one("video", figure);
  const frames = JSON.parse(figure.dataset.frames);
  const [fps, side, across, bar] = ["fps", "side", "across", "bar"].map((name) => Number(figure.dataset[name]));
  const control = (name) => one(`[name=${name}]`, figure);
  const tiles = all(".tile", figure);
  const readings = JSON.parse(one(".readings", figure).textContent);
  const curves = all(".curve", figure);
  const last = frames.length - 1;
  let place = 0;
  film.controls = false;

  for (const tile of tiles) tile.append(document.createElement("p"));
  const show = (now) => {
    place = now;
    const slider = control("place");
    slider.value = place;
    slider.ariaValueText = `frame ${frames[place]}`;
    one("span.place", figure).textContent = `frame ${frames[place]} (${place + 1} of ${frames.length})`;
    for (const curve of curves) {
      const [first, end] = [curve.dataset.first, curve.dataset.last].map(Number);
      one(".cursor", curve).style.left = `${100 * (first + ((end - first) * place) / Math.max(1, last))}%`;
    }
    for (const tile of tiles) {
      const own = readings.filter(({ values }) => tile.dataset.entrant in values);
      const words = own.map(({ metric, values }) => `${metric} ${values[tile.dataset.entrant][place] ?? "none"}`);
      tile.lastChild.textContent = words.join("\n");
    }
  };
  const draw = () => {
    show(Math.min(last, Math.floor(film.currentTime * fps + 0.001)));
    tiles.forEach((tile, number) => {
      const [left, top] = [(number % across) * side, Math.floor(number / across) * (bar + side) + bar];
      one("canvas", tile).getContext("2d").drawImage(film, left, top, side, side, 0, 0, side, side);
    });
  };
  const follow = () => {
    draw();
    if (!film.paused) requestAnimationFrame(follow);
  };
  const seek = (wanted) => {
    load();
    film.currentTime = (Math.max(0, Math.min(last, wanted)) + 0.5) / fps;
  };
  const load = () => {
    if (figure.dataset.loaded) return;
    figure.dataset.loaded = "yes";
    film.src = local(film.src);
    film.preload = "auto";
  };
  const step = (by) => {
    film.pause();
    seek((place + by + frames.length) % frames.length);
  };
  const toggle = () => {
    load();
    if (film.paused) film.play();
    else film.pause();
  };
  show(0);
  film.addEventListener("loadeddata", draw);
  film.addEventListener("seeked", draw);
  film.addEventListener("play", () => {
    control("play").textContent = "Pause";
    follow();
  });
  film.addEventListener("pause", () => (control("play").textContent = "Play"));
  control("play").addEventListener("click", toggle);
  control("back").addEventListener("click", () => step(-1));
  control("on").addEventListener("click", () => step(1));
  control("place").addEventListener("input", (event) => {
    film.pause();
    seek(Number(event.target.value));
  });
  control("speed").addEventListener("change", (event) => (film.playbackRate = Number(event.target.value)));
  control("save").addEventListener("click", () => {
    load();
    save(`${figure.id}.webm`, film.src);
  });
  figure.addEventListener("keydown", (event) => {
    if (event.target.matches("select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { ",": () => step(-1), ".": () => step(1), " ": event.target.matches("button") ? null : toggle };
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  });
  for (const curve of curves) {
    const [first, end] = [curve.dataset.first, curve.dataset.last].map(Number);
    const scrub = (event) => {
      if (!event.buttons) return;
      const { left, width } = curve.getBoundingClientRect();
      film.pause();
      seek(Math.round(((((event.clientX - left) / width) - first) / (end - first)) * last));
    };
    for (const kind of ["pointerdown", "pointermove"]) curve.addEventListener(kind, scrub);
  }
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    load();
    observer.disconnect();
  }, { rootMargin: "200px" }).observe(figure);
}

// Drivers by targets: one method at a time.

for (const browser of all(".grids")) {
  const shown = all("[data-method]", browser);
  const choice = one("select", browser);
  choice.append(...shown.map(({ dataset }) => new Option(dataset.method, dataset.method)));
  const choose = () => {
    for (const grid of shown) grid.hidden = grid.dataset.method !== choice.value;
  };
  choice.addEventListener("change", choose);
  choose();
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
