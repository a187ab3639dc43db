// Loaded before the page is drawn: without a choice of one's own, the system's light or dark.
document.documentElement.dataset.bsTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
