// SPDX-License-Identifier: Apache-2.0
// Comfort on top of pages that work without it: theme, keys, copying, suggestions, a dialog of the
// keys. Always: no key does anything inside a field or with a modifier; nothing is written as markup.
"use strict";
(() => {
  const root = document.documentElement;
  const THEMES = ["system", "light", "dark"];
  const stored = () => {
    try { return localStorage.getItem("theme") || "system"; } catch { return "system"; }
  };
  const show = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
  show(stored()); // before anything is painted

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const themes = () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const label = () => {
      button.textContent = stored();
      button.setAttribute("aria-label", "Theme: " + stored());
    };
    button.addEventListener("click", () => {
      const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
      try { localStorage.setItem("theme", next); } catch { /* only for this page, then */ }
      show(next);
      label();
    });
    button.hidden = false;
    label();
  };

  const copying = () => {
    if (!navigator.clipboard) return;
    const told = make("div", { className: "away" });
    told.setAttribute("role", "status");
    document.body.append(told);
    const add = (place, text, what) => {
      const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
      button.setAttribute("aria-label", "Copy " + what);
      button.addEventListener("click", async () => {
        let word = "Copied";
        try { await navigator.clipboard.writeText(text); } catch { word = "Not copied"; }
        button.textContent = told.textContent = word;
        setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 1500);
      });
      place.append(button);
    };
    for (const code of document.querySelectorAll(".command code"))
      add(code.parentElement, code.textContent, "command");
    for (const link of document.querySelectorAll(".digest a"))
      add(link.parentElement, link.href.match(/sha\d+(:|%3A)[0-9a-f]+/)?.[0].replace("%3A", ":") ?? link.textContent,
          "digest " + link.textContent);
  };

  const KEYS = [["/ or s", "to the search"], ["?", "these keys"], ["↓ ↑", "through suggestions"],
                ["Enter", "take the suggestion, or search"], ["Esc", "close"]];
  const help = () => {
    let dialog = document.querySelector("dialog");
    if (!dialog) {
      const list = make("dl", {});
      for (const [key, what] of KEYS)
        list.append(make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: what }));
      dialog = make("dialog", {}, make("h2", { id: "keys", textContent: "Keys" }), list,
                    make("form", { method: "dialog" }, make("button", { textContent: "Close" })),
                    make("p", {}, make("a", { href: "/help", textContent: "More help" })));
      dialog.setAttribute("aria-labelledby", "keys");
      document.body.append(dialog);
    }
    dialog.showModal();
  };

  const keys = () => {
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || target.isContentEditable ||
          /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector("dialog[open]"))
        return;
      const box = document.getElementById("q");
      if ((event.key === "/" || event.key === "s") && box) {
        event.preventDefault();
        box.focus();
        box.select();
      } else if (event.key === "?") {
        event.preventDefault();
        help();
      }
    });
  };

  // The listbox pattern of ARIA: the focus stays in the field, aria-activedescendant says which.
  const suggestions = () => {
    const box = document.getElementById("q");
    if (!box) return;
    const list = make("ul", { className: "options", id: "options", hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", "options");
    box.form.append(list);
    let at = -1, asked = 0, timer = 0;
    const open = (is) => {
      list.hidden = !is;
      box.setAttribute("aria-expanded", String(is));
      if (!is) choose(-1);
    };
    const choose = (index) => {
      at = index;
      [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
      if (at < 0) box.removeAttribute("aria-activedescendant");
      else {
        box.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      }
    };
    const go = (name) => { location.href = "/r/" + name.split("/").map(encodeURIComponent).join("/"); };
    const forget = () => { clearTimeout(timer); asked++; }; // what was asked: its answer would be in the way
    const ask = async () => {
      const number = ++asked, text = box.value.trim();
      if (text.length < 2 || /[\s":]/.test(text)) return open(false);
      try {
        const answer = await fetch("/api/v1/suggest?q=" + encodeURIComponent(text));
        const names = answer.ok ? (await answer.json()).suggestions : [];
        if (number !== asked || document.activeElement !== box) return;
        list.replaceChildren(...names.slice(0, 10).map((entry, i) => {
          const option = make("li", { id: "option" + i, textContent: entry.name });
          option.setAttribute("role", "option");
          option.addEventListener("mousedown", (event) => { event.preventDefault(); go(entry.name); });
          return option;
        }));
        choose(-1);
        open(names.length > 0);
      } catch { if (number === asked) open(false); }
    };
    open(false);
    const askSoon = () => { clearTimeout(timer); timer = setTimeout(ask, 120); };
    box.addEventListener("input", () => { choose(-1); askSoon(); });
    box.addEventListener("blur", () => { forget(); open(false); });
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      if (event.key === "Escape") forget();
      if (list.hidden) return;
      const n = list.children.length;
      if (event.key === "ArrowDown") choose(at + 1 < n ? at + 1 : -1);
      else if (event.key === "ArrowUp") choose(at < 0 ? n - 1 : at - 1);
      else if (event.key === "Escape") open(false);
      else if (event.key === "Enter" && at >= 0) go(list.children[at].textContent);
      else return;
      forget(); // the list stays as it is while somebody chooses from it
      if (at < 0 && !list.hidden) askSoon();
      event.preventDefault();
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
    for (const place of document.querySelectorAll(".host")) place.textContent = location.host;
    for (const link of document.querySelectorAll("link[rel=canonical]")) link.setAttribute("href", link.href); // absolute
    themes();
    copying();
    keys();
    suggestions();
  });
})();
