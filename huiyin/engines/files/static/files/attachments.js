// Files are sent as soon as they are chosen or dropped; without script the form has a button for it.
(() => {
  if (window.hyFiles) return;
  window.hyFiles = true;

  const panelOf = (event) =>
    event.target instanceof Element ? event.target.closest("[data-hy-files]") : null;
  const formOf = (panel) => panel && panel.querySelector("[data-hy-files-form]");
  const mark = (panel, on) => panel.classList.toggle("border-primary", on);
  const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");

  document.addEventListener("change", (event) => {
    const form = formOf(panelOf(event));
    if (form && event.target.type === "file" && event.target.files.length) form.requestSubmit();
  });

  document.addEventListener("dragover", (event) => {
    const panel = panelOf(event);
    if (!formOf(panel) || !carriesFiles(event)) return;
    event.preventDefault();
    mark(panel, true);
  });

  document.addEventListener("dragleave", (event) => {
    const panel = panelOf(event);
    if (panel && !panel.contains(event.relatedTarget)) mark(panel, false);
  });

  document.addEventListener("drop", (event) => {
    const panel = panelOf(event);
    const form = formOf(panel);
    if (!form || !carriesFiles(event)) return;
    event.preventDefault();
    mark(panel, false);
    form.querySelector("input[type=file][multiple]").files = event.dataTransfer.files;
    form.requestSubmit();
  });
})();
