/** @typedef {Node | string | null | false} Child */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element. Strings become text nodes, always: nothing that a person wrote can become markup here.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | null | undefined | ((event: any) => void)>} [attributes] `onclick` and the
 *   like take functions; `true` sets an empty attribute, `null` and `false` leave it out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/**
 * A picture of the sprite.
 * @param {string} name
 * @param {string} [size] `xs`, `sm` or `lg`
 * @returns {SVGElement}
 */
export function icon(name, size = '') {
  return svg(`i ${size}`.trim(), `#i-${name}`);
}

/**
 * @param {string} style its class
 * @param {string} reference of the symbol
 * @param {string} [viewBox]
 * @returns {SVGElement}
 */
export function svg(style, reference, viewBox) {
  const picture = document.createElementNS(SVG, 'svg');
  picture.setAttribute('class', style);
  picture.setAttribute('aria-hidden', 'true');
  if (viewBox) picture.setAttribute('viewBox', viewBox);
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', reference.startsWith('#seal') ? sealFile() + reference : reference);
  picture.append(use);
  return picture;
}

/** The seal is a file of its own: what is seen first does not wait for it. */
function sealFile() {
  return document.querySelector('meta[name="seal"]')?.getAttribute('content') ?? '';
}

/**
 * The mark of the product beside a name.
 * @returns {SVGElement}
 */
export function mark() {
  return svg('mark', '#mark');
}

/**
 * The glyph of a room. A lock stands for what is locked: a private room that the server reads has none.
 * @param {import('../core/types.js').Room} room
 * @returns {SVGElement}
 */
export function glyph(room) {
  if (room.join === 'open') return icon('hash');
  return icon(room.mode === 'e2ee' ? 'lock' : 'people');
}

/**
 * A person's square: initials on one of eight hues, which carry no meaning.
 * @param {{ id: number, username: string }} person
 * @param {string} [size] `s24`, `s32`
 * @param {string | null} [presence] the class of the dot, or null for none
 * @returns {HTMLElement}
 */
export function avatar(person, size = '', presence = null) {
  const letters = size === 's24' ? 1 : 2;
  const parts = person.username.split('_').filter((part) => part !== '');
  const initials = parts.length > 1 && letters > 1
    ? `${parts[0]?.[0] ?? ''}${parts[1]?.[0] ?? ''}`
    : (parts[0] ?? person.username).slice(0, letters);
  const shown = initials.charAt(0).toUpperCase() + initials.slice(1);
  return h('span', { class: `av h${hue(person.id)} ${size}`.trim(), 'aria-hidden': 'true' },
    shown, presence !== null && h('span', { class: `dot ${presence}`.trim() }));
}

/**
 * @param {number} id
 * @returns {number} 0 to 7; neighbours in time of registration differ
 */
export function hue(id) {
  return (id * 5) % 8;
}

/**
 * Calls at most once per frame, however often it is asked to.
 * @param {() => void} act
 * @returns {() => void}
 */
export function perFrame(act) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      act();
    });
  };
}

/**
 * Makes the children of a list those of the items, and leaves alone what looks the same. Who had the focus keeps it.
 * @template T
 * @param {HTMLElement} list
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => string} versionOf items of the same key and version look the same
 * @param {(item: T) => HTMLElement} make
 */
export function keyed(list, items, keyOf, versionOf, make) {
  const held = new Map([...list.children].map((node) => [/** @type {HTMLElement} */ (node).dataset['key'], /** @type {HTMLElement} */ (node)]));
  const focused = document.activeElement;
  /** @type {Element | null} */
  let next = list.firstElementChild;
  for (const item of items) {
    const [key, version] = [keyOf(item), versionOf(item)];
    const old = held.get(key);
    held.delete(key);
    const hadFocus = old?.contains(focused) ?? false;
    let node = old;
    if (!node || node.dataset['version'] !== version) {
      node = make(item);
      Object.assign(node.dataset, { key, version });
      if (old && old === next) next = old.nextElementSibling;
      if (old) old.remove();
    }
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
    // An element that is moved loses the focus, as one that is replaced does.
    if (hadFocus && document.activeElement !== focused) /** @type {HTMLElement | null} */ (node.contains(focused) ? focused : node.querySelector('a, button'))?.focus();
  }
  for (const node of held.values()) node.remove();
}

/**
 * What stands in the place of a list while there is nothing in it.
 * @param {string} picture
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement | null} [button]
 * @returns {HTMLElement}
 */
export function outlook(picture, title, text, button = null) {
  return h('div', { class: 'empty' },
    h('div', { class: 'art' }, svg('seal', '#seal-s', '0 0 200 200'), icon(picture)),
    h('h3', { class: 'display' }, title), h('p', {}, text), button);
}

/**
 * A button that does one thing at a time and says what it is doing.
 * @param {string} label
 * @param {string} busy
 * @param {string} style
 * @param {() => Promise<unknown>} act what it throws is the caller's to handle
 * @returns {HTMLButtonElement}
 */
export function busyButton(label, busy, style, act) {
  const button = h('button', { type: 'button', class: `btn ${style}` }, label);
  button.addEventListener('click', () => void once(button, busy, act));
  return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} busy
 * @param {() => Promise<unknown>} act
 */
export async function once(button, busy, act) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  const label = button.textContent ?? '';
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute('aria-disabled', 'true');
  button.textContent = busy;
  try {
    await act();
  } finally {
    button.textContent = label;
    button.setAttribute('aria-disabled', 'false');
  }
}

/**
 * Does something when the page has nothing else to do.
 * @param {() => void} act
 */
export function whenIdle(act) {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(act);
  else setTimeout(act, 1_000);
}
