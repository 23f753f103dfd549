// Runs before the first paint, so that a dark page never flashes white.
(() => {
  let stored = null;
  try { stored = window.localStorage.getItem("theme"); } catch { /* storage may be switched off */ }
  const dark = stored ? stored === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
})();
