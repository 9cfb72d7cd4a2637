/** @typedef {import('../core/places.js').Places} Places */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';

let titles = 0;

/**
 * What lies over the conversation: one dialog at a time, and one panel beside it. Each is an entry of the history, so
 * that Back closes it; the focus goes in as it opens and back as it closes.
 * @param {Places} places
 * @param {HTMLElement} app
 */
export function createLayers(places, app) {
  let closeDialog = () => {};
  let closePanel = () => {};
  let hasDialog = false;
  const wide = matchMedia('(min-width: 1280px)');

  /**
   * What a layer does as it goes, once, however it is closed.
   * @param {() => void} end
   * @returns {() => void}
   */
  function layer(end) {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      end();
      gone();
      if (opener?.isConnected) opener.focus();
    };
    const gone = places.enter(close);
    return close;
  }

  /**
   * Shows a dialog, in the place of the one that is there.
   * @param {HTMLDialogElement} dialog
   */
  function show(dialog) {
    closeDialog();
    const close = layer(() => {
      closeDialog = () => {};
      hasDialog = false;
      dialog.close();
      dialog.remove();
    });
    closeDialog = close;
    hasDialog = true;
    open(dialog, close);
  }

  /**
   * @param {HTMLDialogElement} dialog
   * @param {() => void} close
   */
  function open(dialog, close) {
    dialog.addEventListener('close', close);
    // A press beside the dialog, on the veil, closes it.
    dialog.addEventListener('pointerdown', (event) => { if (event.target === dialog && outside(dialog, event)) close(); });
    app.append(dialog);
    dialog.showModal();
  }

  /**
   * Opens a panel beside the conversation; in a window with no room for both, over it.
   * @param {string} name
   * @param {HTMLElement} body
   * @param {() => void} [closed]
   */
  function panel(name, body, closed = () => {}) {
    closePanel();
    const title = h('h2', { class: 'display grow', tabindex: '-1', id: `title-${titles += 1}` }, name);
    const button = h('button', { type: 'button', class: 'ib', 'aria-label': words.closeNamed(name), onclick: () => close() }, icon('x'));
    const parts = [h('div', { class: 'phead' }, title, button), h('div', { class: 'pbody' }, body)];
    let frame = /** @type {HTMLElement} */ (h('div'));

    // The window may get narrower or wider meanwhile: the same panel lies over the conversation then, or beside it.
    function place() {
      frame.remove();
      frame = h(wide.matches ? 'aside' : 'dialog', { class: 'panel sheet', 'aria-labelledby': title.id }, ...parts);
      app.classList.toggle('has-panel', wide.matches);
      if (frame instanceof HTMLDialogElement) open(frame, close);
      else app.append(frame);
    }

    const close = layer(() => {
      closePanel = () => {};
      wide.removeEventListener('change', place);
      frame.remove();
      app.classList.remove('has-panel');
      closed();
    });
    closePanel = close;
    wide.addEventListener('change', place);
    place();
    title.focus();
  }

  return {
    show,
    panel,
    /** Closes the topmost thing that the browser does not close by itself. @returns {boolean} whether there was one */
    escape() {
      if (hasDialog || !app.classList.contains('has-panel')) return false;
      closePanel();
      return true;
    },
    closePanel: () => closePanel(),
    closeDialog: () => closeDialog(),
    hasDialog: () => hasDialog || app.querySelector('dialog.panel') !== null,
  };
}

/** @typedef {ReturnType<typeof createLayers>} Layers */

/**
 * Whether a press was beside an element: a dialog is also what is pressed on its veil.
 * @param {HTMLElement} element
 * @param {PointerEvent} event
 */
function outside(element, event) {
  const box = element.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

/**
 * A dialog with a title and a way to close it.
 * @param {string} name
 * @param {string} style its class
 * @param {readonly (Node | null)[]} body
 * @param {readonly Node[]} foot
 * @returns {HTMLDialogElement}
 */
export function dialogOf(name, style, body, foot = []) {
  const id = `title-${titles += 1}`;
  const dialog = h('dialog', { class: style, 'aria-labelledby': id },
    h('div', { class: 'dhead' }, h('h2', { class: 'display grow', id }, name),
      h('button', { type: 'button', class: 'ib', 'aria-label': words.close, onclick: () => dialog.close() }, icon('x'))),
    h('div', { class: 'dbody' }, ...body),
    foot.length > 0 && h('div', { class: 'dfoot' }, ...foot));
  return dialog;
}
