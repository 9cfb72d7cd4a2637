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
  use.setAttribute('href', reference);
  picture.append(use);
  return picture;
}

/**
 * The mark of the product beside a name.
 * @returns {SVGElement}
 */
export function mark() {
  return svg('mark', '#mark');
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
