// The tree beside the plan: open where there is room for it, folded up on a phone.
(() => {
  "use strict";
  const tree = document.querySelector("[data-places-tree]");
  if (!tree) return;
  const wide = matchMedia("(min-width: 992px)");
  const fit = () => { tree.open = wide.matches; };
  fit();
  wide.addEventListener("change", fit);
  tree.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
})();
