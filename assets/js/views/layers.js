/** @typedef {import('../core/places.js').Places} Places */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';

let titles = 0;

/** Where more than one area at a time fits on the screen; the style sheet says the opposite. */
const ROOMY = '(min-width: 960px), (min-width: 760px) and (min-height: 461px)';

/**
 * What lies over the conversation: one dialog at a time, and one panel beside it. Each is an entry of the history, so
 * that Back closes it; the focus goes in as it opens and back as it closes.
 * @param {Places} places
 * @param {HTMLElement} app
 */
export function createLayers(places, app) {
  let closeDialog = () => {};
  let closePanel = () => {};
  let forgetWindow = () => {};
  let hasDialog = false;
  /** Whether a panel is open that does not lie over everything, so that the browser does not close it. */
  let isBeside = false;
  const roomy = matchMedia(ROOMY);
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
    const close = () => closePanel();
    const button = h('button', { type: 'button', class: 'ib', 'aria-label': words.closeNamed(name), onclick: close }, icon('x'));
    aside(name, [button], h('div', { class: 'pbody' }, body), closed, wide, (title, parts) => {
      const frame = h('aside', { class: 'panel sheet', 'aria-labelledby': title.id }, ...parts);
      app.classList.add('has-panel');
      app.append(frame);
      return () => {
        frame.remove();
        app.classList.remove('has-panel');
      };
    });
  }

  /**
   * Opens a sheet in the place of the conversation, which stays as it is beneath; on a phone over everything.
   * @param {string} name
   * @param {HTMLElement} body
   * @param {HTMLElement} main where the conversation is
   */
  function cover(name, body, main) {
    const close = () => closePanel();
    const back = h('button', { type: 'button', class: 'ib back', 'aria-label': words.closeNamed(name), onclick: close }, icon('left'));
    const button = h('button', { type: 'button', class: 'ib', 'aria-label': words.closeNamed(name), onclick: close }, icon('x'));
    aside(name, [back, button], body, () => {}, roomy, (title, parts) => {
      const frame = h('dialog', { class: 'cover', 'aria-labelledby': title.id }, ...parts);
      main.append(frame);
      main.classList.add('covered');
      frame.show();
      return () => {
        frame.remove();
        main.classList.remove('covered');
      };
    });
  }

  /**
   * What has a title and takes a place of its own where the window has one for it, and lies over everything elsewhere.
   * @param {string} name
   * @param {readonly HTMLElement[]} buttons
   * @param {HTMLElement} body
   * @param {() => void} closed
   * @param {MediaQueryList} space whether there is a place for it
   * @param {(title: HTMLElement, parts: readonly HTMLElement[]) => () => void} settle puts it there, and tells how to take it away
   */
  function aside(name, buttons, body, closed, space, settle) {
    closePanel();
    const title = h('h2', { class: 'display grow', tabindex: '-1', id: `title-${titles += 1}` }, name);
    const head = h('div', { class: 'phead' }, title, ...buttons);
    head.prepend(...buttons.filter((button) => button.classList.contains('back')));
    let takeAway = () => {};

    // The window may get narrower or wider meanwhile.
    function place() {
      takeAway();
      isBeside = space.matches;
      if (isBeside) {
        takeAway = settle(title, [head, body]);
        return;
      }
      const frame = h('dialog', { class: 'panel sheet', 'aria-labelledby': title.id }, head, body);
      takeAway = () => frame.remove();
      open(frame, close);
    }

    const close = layer(() => {
      closePanel = () => {};
      isBeside = false;
      forgetWindow();
      takeAway();
      closed();
    });
    closePanel = close;
    forgetWindow = () => space.removeEventListener('change', place);
    space.addEventListener('change', place);
    place();
    title.focus();
  }

  return {
    show,
    panel,
    cover,
    /** Closes the topmost thing that the browser does not close by itself. @returns {boolean} whether there was one */
    escape() {
      if (hasDialog || !isBeside) return false;
      closePanel();
      return true;
    },
    closePanel: () => closePanel(),
    closeDialog: () => closeDialog(),
    /** The page makes room for another; what lies over it goes with it. */
    stop: () => forgetWindow(),
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
