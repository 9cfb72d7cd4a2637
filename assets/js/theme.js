// Runs before the first paint, so that a chosen look shows no flash of another one.
(function () {
  var theme = null;
  var density = null;
  try {
    theme = localStorage.getItem('theme');
    density = localStorage.getItem('density');
  } catch { theme = null; }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  if (density === 'compact') document.documentElement.dataset.density = density;
})();
