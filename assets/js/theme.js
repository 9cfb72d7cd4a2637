// Runs before the first paint, so that a chosen theme shows no flash of the other one.
(function () {
  var theme = null;
  try { theme = localStorage.getItem('theme'); } catch { theme = null; }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
