/** Widths at which every screen has to hold, in px. */
export const WIDTHS = [320, 390, 768, 1024, 1280, 1440, 2560];

/**
 * What does not stay in its place on the page as it is: texts that are cut off with nothing to tell it, or that reach
 * out of the window; cut names that cannot be read in full; messages that leave their column; scrolling sideways.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export function misplaced(page) {
  return page.evaluate(() => {
    const found = [];
    const told = (element, text) => found.push(`${text}: <${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent.slice(0, 40)} in ${element.parentElement.className} in ${element.parentElement.parentElement.className}`);
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      const widest = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1);
      found.push(`it scrolls sideways by ${root.scrollWidth - root.clientWidth} px: ${widest.map((one) => `${one.tagName} ${one.className}`).join(', ')}`);
    }
    const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.querySelector('#root');
    const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode;
      const element = text.parentElement;
      if (!text.data.trim() || element.closest('.sr, [aria-hidden=true], svg') || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) {
        const fault = box.width > 0 ? cutBy(element, box) : null;
        if (fault) { told(element, fault); break; }
      }
    }
    const column = document.querySelector('[role=feed]')?.getBoundingClientRect();
    for (const part of document.querySelectorAll('[role=article] :is(p, a, button, pre, ul, blockquote, .bub, .text, .by)')) {
      const box = part.getBoundingClientRect();
      if (box.width > 1 && column && (box.left < column.left - 1 || box.right > column.right + 1)) told(part, `it leaves the column (${box.left} to ${box.right} of ${column.left} to ${column.right})`);
    }
    return found;

    /** What cuts this text off, unless it says so by an ellipsis and can be read in full, or can be scrolled to. */
    function cutBy(element, box) {
      for (let at = element; at && at !== root; at = at.parentElement) {
        const style = getComputedStyle(at);
        const frame = at.getBoundingClientRect();
        const beyond = box.right > frame.right + 1 || box.left < frame.left - 1;
        if (style.textOverflow === 'ellipsis' && style.overflowX !== 'visible') {
          if (!beyond) continue;
          const whole = at.closest('[title], [aria-label]');
          return whole ? null : 'it is cut, and can be read in full nowhere';
        }
        if (['auto', 'scroll'].includes(style.overflowX) && beyond && at.scrollWidth > at.clientWidth) return at.matches('pre, textarea, input') ? null : 'it can only be scrolled to sideways';
        if (['auto', 'scroll'].includes(style.overflowY)) return beyond ? 'it reaches out of what scrolls' : null;
        const isClipped = ['hidden', 'clip'].includes(style.overflowY) && (box.bottom > frame.bottom + 2 || box.top < frame.top - 2);
        if (isClipped || (['hidden', 'clip'].includes(style.overflowX) && beyond)) return 'it is cut off';
        if (style.position === 'fixed') break;
      }
      return box.left < -1 || box.right > innerWidth + 1 ? 'it is outside of the window' : null;
    }
  });
}
