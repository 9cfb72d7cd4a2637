import { h, icon } from './dom.js';

/**
 * @typedef {{ label: string, picture: string, act: () => void, danger?: boolean }} Choice
 */

let menus = 0;

/**
 * A button that opens a menu. Arrows go through it, Esc and a press elsewhere close it, and the focus comes back to
 * the button before anything that was chosen is done.
 * @param {string} label
 * @param {string} picture
 * @param {() => readonly Choice[]} choices
 * @returns {HTMLElement}
 */
export function menuButton(label, picture, choices) {
  const id = `menu-${menus += 1}`;
  const menu = h('div', { class: 'menu', role: 'menu', id, 'aria-label': label, hidden: true });
  const button = h('button', {
    type: 'button', class: 'ib', 'aria-label': label, 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-controls': id,
    onclick: () => (menu.hidden ? open() : close()),
  }, icon(picture));
  const element = h('div', { class: 'has-menu', onkeydown: keys, onfocusout: left }, button, menu);

  function open() {
    menu.replaceChildren(...choices().map((choice) => h('button', {
      type: 'button', role: 'menuitem', tabindex: '-1', class: choice.danger ? 'danger' : null,
      onclick: () => { close(); choice.act(); },
    }, icon(choice.picture), choice.label)));
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    items()[0]?.focus();
  }

  function close() {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    button.focus();
  }

  const items = () => /** @type {HTMLElement[]} */ ([...menu.children]);

  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (menu.hidden) return;
    const all = items();
    const at = all.findIndex((item) => item === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape') close();
    else if (to !== undefined) all[to % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {FocusEvent} event */
  function left(event) {
    if (element.contains(/** @type {Node | null} */ (event.relatedTarget))) return;
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  }

  return element;
}
