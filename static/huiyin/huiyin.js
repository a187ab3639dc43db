// The shell's behaviour. Everything here is comfort: without it the pages still work as plain pages and forms.
(() => {
  "use strict";

  const words = JSON.parse(document.getElementById("hy-words")?.textContent || "{}");
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const store = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* forbidden */ } },
  };
  const fill = (text, values) => (text || "").replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
  const say = (text) => { const live = document.getElementById("hy-live"); if (live) live.textContent = text; };
  document.documentElement.classList.add("hy-js");

  // ---- toasts -------------------------------------------------------------------------------------------------
  const toasts = document.getElementById("hy-toasts");

  function liftToasts() {
    // A popover lies above an open dialog; shown again, it comes to the top.
    if (!toasts?.showPopover) return;
    toasts.popover = "manual";
    if (toasts.matches(":popover-open")) toasts.hidePopover();
    if (toasts.children.length) toasts.showPopover();
  }

  function toast(text, kind = "info") {
    if (!toasts || !text) return;
    const box = document.createElement("div");
    box.className = `hy-toast hy-toast-${kind}`;
    const body = document.createElement("div");
    body.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.dataset.hyDismiss = "";
    close.setAttribute("aria-label", words.close);
    box.append(body, close);
    toasts.append(box);
    liftToasts();
    leaveSoon(box);
  }

  function leaveSoon(box) {
    if (box.matches(".hy-toast-error, .hy-toast-warning")) return;
    setTimeout(() => (box.matches(":hover, :focus-within") ? leaveSoon(box) : dismiss(box)), 6000);
  }

  function dismiss(box) {
    box.remove();
    if (toasts && !toasts.children.length && toasts.matches?.(":popover-open")) toasts.hidePopover();
  }

  // ---- clocks -------------------------------------------------------------------------------------------------
  const serverNow = Date.parse(document.body.dataset.now || "");
  const offset = Number.isNaN(serverNow) ? 0 : serverNow - Date.now();
  const now = () => Date.now() + offset;
  const LEVELS = ["ok", "soon", "late"].map((name) => `hy-clock-${name}`);

  function spanWords(milliseconds) {
    const total = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(total / 1440), hours = Math.floor((total % 1440) / 60), minutes = total % 60;
    const text = days ? (hours && days < 10 ? words.daysHours : words.days)
      : hours ? (minutes ? words.hoursMinutes : words.hours) : words.minutes;
    return fill(text, { days, hours, minutes });
  }

  function tick(root = document) {
    for (const clock of $$("time[data-due]", root)) {
      const due = Date.parse(clock.dataset.due), left = due - now();
      const warn = clock.dataset.warn ? Date.parse(clock.dataset.warn) : due - 3600000;
      const level = left <= 0 ? "late" : now() >= warn ? "soon" : "ok";
      const text = fill(left <= 0 ? words.overdue : words.left, { span: spanWords(left) });
      const target = clock.querySelector(".hy-clock-text") || clock;
      if (target.textContent !== text) target.textContent = text;
      if (!clock.classList.contains(`hy-clock-${level}`)) {
        clock.classList.remove(...LEVELS);
        clock.classList.add(`hy-clock-${level}`);
      }
    }
  }
  setInterval(() => { if (!document.hidden) tick(); }, 20000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });

  // ---- dialogs ------------------------------------------------------------------------------------------------
  let dialogs = 0;

  function isWholePage(text) { return /^\s*(<!--[\s\S]*?-->\s*)*<!doctype html/i.test(text); }

  async function openDialog(url, kind) {
    const template = document.getElementById("hy-dialog-template");
    if (!template || !window.htmx) { location.assign(url); return; }
    let response, text;
    busy(true);
    try {
      response = await fetch(url, { headers: { "HX-Request": "true", "HX-Current-URL": location.href }, credentials: "same-origin" });
      text = await response.text();
    } catch {
      toast(words.offline, "error");
      return;
    } finally {
      busy(false);
    }
    if (response.headers.get("HX-Redirect")) { location.assign(response.headers.get("HX-Redirect")); return; }
    if (!response.ok && response.status !== 422) { complain(response.status); return; }
    if (isWholePage(text)) { location.assign(url); return; }
    const dialog = template.content.firstElementChild.cloneNode(true);
    const title = dialog.querySelector("h2");
    title.id = `hy-dialog-${++dialogs}`;
    dialog.setAttribute("aria-labelledby", title.id);
    if (kind) dialog.classList.add(`hy-dialog-${kind}`);
    const body = dialog.querySelector(".hy-dialog-body");
    body.innerHTML = text;
    document.body.append(dialog);
    const opener = document.activeElement;
    dialog.addEventListener("close", () => { dialog.remove(); opener?.focus?.(); });
    dialog.addEventListener("cancel", (event) => { if (!mayLeave(dialog)) event.preventDefault(); });
    dialog.addEventListener("pointerdown", (event) => { dialog.dataset.outside = event.target === dialog ? "1" : ""; });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && dialog.dataset.outside && outside(dialog, event) && mayLeave(dialog)) dialog.close();
    });
    titleOf(dialog);
    dialog.showModal();
    htmx.process(body);
    prepare(body);
    firstField(body)?.focus();
    liftToasts();
  }

  function outside(dialog, event) {
    const box = dialog.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  function titleOf(dialog) {
    const named = dialog.querySelector("[data-title]");
    if (named) dialog.querySelector("h2").textContent = named.dataset.title;
  }

  function firstField(root) {
    return root.querySelector("[autofocus]") || root.querySelector(".is-invalid")
      || root.querySelector("input:not([type=hidden]):not([readonly]), select, textarea, button.btn");
  }

  function mayLeave(root) {
    return !$$("form[data-hy-dirty]", root).length || confirm(words.leave);
  }

  // ---- forms: unsaved changes, double sending, drafts ------------------------------------------------------------
  const draftKey = (form) => `hy-draft:${form.getAttribute("hx-post") || form.action}`;
  const isPost = (form) => form instanceof HTMLFormElement && (form.method === "post" || form.hasAttribute("hx-post"));
  const keepsDraft = (form) => isPost(form) && form.hasAttribute("data-hy-form") && !form.querySelector("input[type=password]");

  function keepDraft(form) {
    if (!keepsDraft(form)) return;
    const entries = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
    store.set(draftKey(form), entries);
  }

  function restoreDraft(form) {
    if (!keepsDraft(form)) return;
    const kept = store.get(draftKey(form));
    if (!kept) return;
    store.drop(draftKey(form));
    const values = new Map();
    for (const [name, value] of kept) values.set(name, [...(values.get(name) || []), value]);
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || field.type === "file" || field.name === "csrfmiddlewaretoken") continue;
      const given = values.get(field.name) || [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
      else if (field instanceof HTMLSelectElement) for (const option of field.options) option.selected = given.includes(option.value);
      else if (given.length) field.value = given[0];
    }
    form.dataset.hyDirty = "";
    toast(words.restored);
  }

  function waiting(form, on) {
    for (const button of $$("button[type=submit], button:not([type])", form)) {
      button.toggleAttribute("disabled", on);
      if (on) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (isPost(form) && form.hasAttribute("data-hy-form")) form.dataset.hyDirty = "";
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented && !form.hasAttribute("hx-post")) return;
    if (!isPost(form)) return;
    if (form.action.endsWith("/logout/")) sessionStorage.clear();
    if (form.dataset.hySending) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    delete form.dataset.hyDirty;
    form.dataset.hySending = "1";
    // After this turn, so that the button pressed is still among what is sent.
    setTimeout(() => waiting(form, true));
  }, true);
  addEventListener("pageshow", () => {
    for (const form of $$("form[data-hy-sending]")) { delete form.dataset.hySending; waiting(form, false); }
  });
  addEventListener("beforeunload", (event) => {
    if ($$("form[data-hy-dirty]").length) event.preventDefault();
  });
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  // ---- htmx ---------------------------------------------------------------------------------------------------
  let running = 0;
  function busy(on) {
    running = Math.max(0, running + (on ? 1 : -1));
    document.getElementById("hy-progress")?.classList.toggle("hy-on", running > 0);
  }

  function complain(status) {
    toast(status === 403 ? words.forbidden : status === 404 ? words.gone : words.broken, "error");
  }

  const on = (name, listener) => document.addEventListener(name, listener);
  on("htmx:beforeRequest", () => busy(true));
  on("htmx:afterRequest", (event) => {
    busy(false);
    const form = event.detail.elt;
    if (form instanceof HTMLFormElement) { delete form.dataset.hySending; if (!event.detail.xhr?.getResponseHeader("HX-Redirect")) waiting(form, false); }
  });
  on("htmx:configRequest", (event) => {
    const { verb, parameters } = event.detail;
    if (verb !== "get" || !(event.target instanceof HTMLFormElement)) return;
    for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
  });
  on("htmx:beforeOnLoad", (event) => {
    const { xhr } = event.detail, form = event.detail.elt;
    const next = xhr.getResponseHeader("HX-Redirect");
    if (next) {
      if (form instanceof HTMLFormElement) { if (xhr.status === 401) keepDraft(form); else store.drop(draftKey(form)); }
      const path = new URL(next, location.href);
      if (path.pathname === location.pathname) store.set("hy-scroll", { url: path.pathname, y: scrollY });
      for (const other of $$("form[data-hy-dirty]")) delete other.dataset.hyDirty;
    }
  });
  on("htmx:beforeSwap", (event) => {
    const { xhr, target, requestConfig } = event.detail;
    if (xhr.status === 200 && !requestConfig.boosted && isWholePage(xhr.responseText) && target !== document.body) {
      // The session ended, or the view has no part for this: the whole page it is.
      keepIfForm(event.detail.elt);
      event.detail.shouldSwap = false;
      location.assign(xhr.responseURL || location.href);
    }
  });
  const keepIfForm = (elt) => { if (elt instanceof HTMLFormElement) { keepDraft(elt); elt.dataset.hyDirty = ""; } };
  on("htmx:responseError", (event) => { keepIfForm(event.detail.elt); complain(event.detail.xhr.status); });
  on("htmx:sendError", (event) => { keepIfForm(event.detail.elt); toast(words.offline, "error"); });
  on("htmx:timeout", (event) => { keepIfForm(event.detail.elt); toast(words.offline, "error"); });
  on("htmx:load", (event) => prepare(event.detail.elt));
  on("htmx:afterSettle", (event) => {
    const dialog = event.target.closest?.("dialog");
    if (dialog) titleOf(dialog);
    if (event.detail.xhr?.status === 422) {
      const form = event.target.closest?.("form") || event.target.querySelector?.("form");
      if (form) { form.dataset.hyDirty = ""; (form.querySelector(".is-invalid") || firstField(form))?.focus(); }
    }
    countChosen();
  });
  on("hy:close", (event) => (event.target.closest("dialog") || $$("dialog[open]").pop())?.close());
  on("hy:toast", (event) => toast(event.detail.text || event.detail.value, event.detail.kind));

  // ---- long selects -------------------------------------------------------------------------------------------
  function searchable(select) {
    if (!window.TomSelect || select.tomselect || select.dataset.hySearch === "off") return;
    if (!select.multiple && select.options.length <= 12 && select.dataset.hySearch !== "on") return;
    const label = select.labels?.[0]?.textContent.trim();
    if (label) select.setAttribute("aria-label", label);
    new TomSelect(select, {
      maxOptions: null,
      allowEmptyOption: !select.multiple,
      plugins: select.multiple ? { remove_button: { title: words.remove } } : ["dropdown_input"],
      render: { no_results: () => Object.assign(document.createElement("div"), { className: "no-results", textContent: words.nothing }) },
    });
  }

  // ---- lists --------------------------------------------------------------------------------------------------
  // Leaving the search box asks for nothing new: what was typed was asked for while typing.
  document.addEventListener("change", (event) => { if (event.target.id === "hy-list-q") event.stopPropagation(); }, true);

  function countChosen() {
    const form = document.getElementById("hy-bulk");
    if (!form) return;
    const chosen = $$("input[name=ids]:checked").length;
    form.hidden = !chosen;
    form.querySelector(".hy-bulk-count").textContent = fill(words.chosen, { n: chosen });
  }

  function move(step) {
    const links = $$("[data-hy-rows] .hy-row-link").filter((link) => link.offsetParent);
    if (!links.length) return false;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
    links[next].focus({ focusVisible: true });
    links[next].closest("tr").scrollIntoView({ block: "nearest" });
    return true;
  }

  // ---- clicks -------------------------------------------------------------------------------------------------
  const setCookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };

  function setTheme(name) {
    setCookie("theme", name);
    const dark = name === "dark" || (name === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of $$("[data-hy-set-theme]")) {
      const chosen = button.dataset.hySetTheme === name;
      button.classList.toggle("active", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
  }

  const CLICKS = {
    "[data-hy-dismiss]": (element) => dismiss(element.closest(".hy-toast")),
    "[data-hy-close]": (element, event) => {
      const dialog = element.closest("dialog");
      if (dialog) { event.preventDefault(); if (mayLeave(dialog)) dialog.close(); }
      else if (element.tagName === "BUTTON" && mayLeave(document)) { for (const form of $$("form[data-hy-dirty]")) delete form.dataset.hyDirty; history.back(); }
    },
    "[data-hy-keys]": () => showKeys(),
    "[data-hy-set-theme]": (element) => setTheme(element.dataset.hySetTheme),
    "[data-hy-more]": (element) => {
      const open = element.closest(".hy-filter").classList.toggle("hy-open");
      element.setAttribute("aria-expanded", String(open));
    },
    "[data-hy-print]": () => print(),
    "[data-hy-copy]": (element) => {
      const source = document.querySelector(element.dataset.hyCopy);
      source.select?.();
      navigator.clipboard?.writeText(source.value ?? source.textContent).then(() => { toast(words.copied, "success"); });
    },
    "[data-hy-pick-all]": (element) => {
      for (const box of $$("input[name=ids]")) box.checked = element.checked;
      countChosen();
    },
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    for (const [selector, act] of Object.entries(CLICKS)) {
      const element = event.target.closest(selector);
      if (element) { act(element, event); return; }
    }
    const opener = event.target.closest("[data-dialog]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      const form = opener.form;
      const url = opener.href || `${opener.formAction}?${new URLSearchParams(new FormData(form))}`;
      openDialog(url, opener.dataset.dialog);
      return;
    }
    if (event.target.closest("a, button, input, select, textarea, label, summary")) return;
    const row = event.target.closest("tr[data-href]");
    if (!row || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href); else location.assign(row.dataset.href);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("input[name=ids]")) countChosen();
    const told = event.target.type === "file" && event.target.closest(".hy-file")?.querySelector("[data-hy-file-names]");
    if (told) told.textContent = [...event.target.files].map((file) => file.name).join(" · ") || told.dataset.hyFileNames;
    const field = event.target.closest?.(".hy-filter-field");
    if (field) field.classList.toggle("hy-set", $$("input, select", field).some((one) => one.type === "checkbox" || one.type === "radio" ? one.checked : one.name && one.value));
  });

  // The picker of a form takes files that are dropped on it; a panel of files takes them by itself.
  const pickerOf = (event) => event.target.closest?.(".hy-file:not([data-hy-files] *)")?.querySelector("input[type=file]");
  document.addEventListener("dragover", (event) => { if (pickerOf(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const picker = pickerOf(event);
    if (!picker || !event.dataTransfer.files.length || (event.dataTransfer.files.length > 1 && !picker.multiple)) return;
    event.preventDefault();
    picker.files = event.dataTransfer.files;
    picker.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // ---- keys ---------------------------------------------------------------------------------------------------
  function showKeys() {
    const dialog = document.getElementById("hy-keys");
    if (!dialog || dialog.open) return;
    const list = dialog.querySelector("[data-hy-page-keys]");
    list.replaceChildren(...$$("[data-key]").filter((element) => element.offsetParent).map((element) => {
      const line = document.createElement("div"), key = document.createElement("dt"), what = document.createElement("dd");
      key.append(Object.assign(document.createElement("kbd"), { textContent: element.dataset.key }));
      what.textContent = element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.trim();
      line.append(key, what);
      return line;
    }));
    dialog.showModal();
  }

  const typing = (element) => element.matches?.("input, textarea, select, [contenteditable], .ts-control *");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.form;
      if (isPost(form)) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (suggestKeys(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const inDialog = $$("dialog[open]").pop();
    if (event.key === "/" && !inDialog) { document.getElementById("hy-q")?.focus(); document.getElementById("hy-q")?.select(); }
    else if (event.key === "?" && !inDialog) showKeys();
    else if (event.key === "j" && !inDialog && move(1)) { /* moved */ }
    else if (event.key === "k" && !inDialog && move(-1)) { /* moved */ }
    else {
      const target = $$(`[data-key="${CSS.escape(event.key)}"]`, inDialog || document).find((element) => element.offsetParent && !element.disabled);
      if (!target) return;
      target.click();
    }
    event.preventDefault();
  });

  function suggestKeys(event) {
    const box = document.getElementById("hy-suggest"), input = document.getElementById("hy-q");
    if (!box || (!box.contains(event.target) && event.target !== input)) return false;
    const links = $$("a", box);
    if (event.key === "Escape") { box.classList.add("hy-shut"); input.focus(); return true; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return false;
    const at = links.indexOf(document.activeElement), next = at + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] || input).focus();
    event.preventDefault();
    return true;
  }
  document.getElementById("hy-q")?.addEventListener("input", (event) => {
    const box = document.getElementById("hy-suggest");
    box.classList.remove("hy-shut");
    if (!event.target.value.trim()) box.replaceChildren();
  });
  document.addEventListener("focusin", (event) => {
    const search = document.querySelector(".hy-search");
    if (search) document.getElementById("hy-suggest").classList.toggle("hy-shut", !search.contains(event.target));
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.(".hy-search")) document.getElementById("hy-suggest")?.classList.add("hy-shut");
  });

  // ---- start --------------------------------------------------------------------------------------------------
  function prepare(root) {
    tick(root);
    for (const select of $$("select.form-select, select.form-control", root)) searchable(select);
    for (const form of $$("form[data-hy-form]", root)) restoreDraft(form);
    if (root.matches?.("form[data-hy-form]")) restoreDraft(root);
    countChosen();
  }

  prepare(document);
  for (const box of $$(".hy-toast")) leaveSoon(box);
  liftToasts();
  const scroll = store.get("hy-scroll");
  if (scroll) { store.drop("hy-scroll"); if (scroll.url === location.pathname) scrollTo(0, scroll.y); }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (document.documentElement.dataset.hyTheme === "auto") setTheme("auto");
  });
  window.huiyin = { toast, openDialog, say, spanWords, prepare };
})();
