import { h } from './dom.js';
import { words } from '../core/words.js';

/**
 * What can be chosen, in groups.
 * @typedef {{ picture: Node, text: string, note?: string, end?: Node | null, act: () => void }} Option
 * @typedef {{ label: string, options: readonly Option[] }} Group
 */

let choosers = 0;

/**
 * A field that finds as one types: the focus stays in the text, arrows go through what was found, Enter takes it.
 * @param {{ label: string, placeholder?: string, find: (typed: string) => readonly Group[],
 *   nothing: (typed: string) => string }} given
 */
export function createChooser({ label, placeholder, find, nothing }) {
  choosers += 1;
  const id = `found-${choosers}`;
  const list = h('div', { class: 'list', role: 'listbox', id, 'aria-label': label });
  const none = h('p', { class: 'none' });
  const status = h('p', { class: 'sr', role: 'status' });
  const input = h('input', {
    type: 'text', role: 'combobox', 'aria-label': label, placeholder: placeholder ?? label, 'aria-expanded': 'true',
    'aria-controls': id, 'aria-autocomplete': 'list', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
    autofocus: true,
  });
  /** @type {readonly { node: HTMLElement, option: Option }[]} */
  let found = [];
  let at = 0;

  function render() {
    const groups = find(input.value).filter((group) => group.options.length > 0);
    /** @type {{ node: HTMLElement, option: Option }[]} */
    const all = [];
    list.replaceChildren(...groups.map((group, nth) => h('div', { role: 'group', 'aria-labelledby': `${id}-g${nth}` },
      h('div', { class: 'grp', id: `${id}-g${nth}` }, group.label),
      ...group.options.map((option) => {
        const node = row(option, `${id}-${all.length}`, input.value);
        all.push({ node, option });
        return node;
      }))));
    found = all;
    list.hidden = all.length === 0;
    none.hidden = all.length > 0;
    none.textContent = all.length > 0 ? '' : nothing(input.value);
    status.textContent = all.length > 0 ? words.results(all.length) : none.textContent;
    input.setAttribute('aria-expanded', String(all.length > 0));
    select(0);
  }

  /** @param {number} to */
  function select(to) {
    at = found.length === 0 ? 0 : (to + found.length) % found.length;
    found.forEach(({ node }, nth) => node.setAttribute('aria-selected', String(nth === at)));
    const chosen = found[at]?.node;
    if (chosen) input.setAttribute('aria-activedescendant', chosen.id);
    else input.removeAttribute('aria-activedescendant');
    chosen?.scrollIntoView({ block: 'nearest' });
  }

  input.addEventListener('input', render);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') select(at + 1);
    else if (event.key === 'ArrowUp') select(at - 1);
    else if (event.key === 'Enter') found[at]?.option.act();
    else return;
    event.preventDefault();
  });
  list.addEventListener('click', (event) => {
    const node = /** @type {Element} */ (event.target).closest('[role=option]');
    found.find((one) => one.node === node)?.option.act();
  });
  render();
  return { input, list, none, status, render };
}

/**
 * @param {Option} option
 * @param {string} id
 * @param {string} typed
 */
function row(option, id, typed) {
  return h('div', { class: 'opt', role: 'option', id, 'aria-selected': 'false' },
    h('span', { class: 'gl' }, option.picture),
    h('span', { class: 'grow trunc' }, h('bdi', {}, ...standOut(option.text, typed)), option.note ? h('small', {}, ` ${option.note}`) : null),
    option.end ?? null);
}

/**
 * A text in which what was typed stands out.
 * @param {string} text
 * @param {string} typed
 * @returns {(Node | string)[]}
 */
function standOut(text, typed) {
  const part = typed.replace(/^>/, '').trim();
  const at = text.toLowerCase().indexOf(part.toLowerCase());
  if (part === '' || at < 0) return [text];
  return [text.slice(0, at), h('b', {}, text.slice(at, at + part.length)), text.slice(at + part.length)];
}
