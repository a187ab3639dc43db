// Small comforts of the case pages; everything works without them.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-cases-insert]") : null;
    if (!button) return;
    const field = button.closest("form")?.querySelector("textarea");
    const words = button.closest("li")?.querySelector("[data-cases-words]")?.textContent.trim();
    if (!field || !words) return;
    field.value = field.value.trim() ? `${field.value.trimEnd()}\n${words}` : words;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  if (document.querySelector("[data-cases-print]")) addEventListener("load", () => print());
})();
