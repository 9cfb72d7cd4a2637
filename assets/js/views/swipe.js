/** How far a finger pulls a message until that means something, and how far the message goes with it. */
const FAR = 56;
const FARTHEST = 72;

/**
 * A message that is pulled to the right with a finger is answered; it comes back as the finger goes.
 * @param {HTMLElement} column
 * @param {(article: HTMLElement) => void} reply
 */
export function listenToSwipes(column, reply) {
  column.addEventListener('pointerdown', (start) => {
    const target = start.target instanceof Element ? start.target : null;
    const article = /** @type {HTMLElement | null | undefined} */ (target?.closest('[role=article]'));
    // What is code scrolls sideways itself.
    if (start.pointerType !== 'touch' || !article || target?.closest('pre')) return;
    let far = 0;
    const moved = (/** @type {PointerEvent} */ now) => {
      const [right, down] = [now.clientX - start.clientX, Math.abs(now.clientY - start.clientY)];
      far = right > 2 * down ? Math.min(right, FARTHEST) : 0;
      article.style.transform = far > 0 ? `translateX(${far}px)` : '';
    };
    const over = (/** @type {PointerEvent} */ end) => {
      column.removeEventListener('pointermove', moved);
      for (const name of ENDS) removeEventListener(name, over);
      article.style.transform = '';
      if (far >= FAR && end.type === 'pointerup') reply(article);
    };
    column.addEventListener('pointermove', moved);
    for (const name of ENDS) addEventListener(name, over);
  });
}

/** @type {readonly ('pointerup' | 'pointercancel')[]} */
const ENDS = ['pointerup', 'pointercancel'];
