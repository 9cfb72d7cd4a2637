import { words } from './words.js';

/** The first that fits names the browser; those that pretend to be others stand before them. */
const BROWSERS = /** @type {const} */ ([
  ['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari'],
]);
const SYSTEMS = /** @type {const} */ ([
  ['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['CrOS', 'ChromeOS'], ['Linux', 'Linux'],
]);

/**
 * What a device is called, by what its browser says it is.
 * @param {string} agent
 * @returns {string}
 */
export function deviceName(agent) {
  const browser = BROWSERS.find(([mark]) => agent.includes(mark))?.[1];
  const system = SYSTEMS.find(([mark]) => agent.includes(mark))?.[1];
  if (browser && system) return words.deviceOn(browser, system);
  return browser ?? system ?? (agent === '' ? words.unknownDevice : agent.slice(0, 60));
}

/**
 * Which picture stands for a device.
 * @param {string} agent
 * @returns {'phone' | 'laptop'}
 */
export function deviceKind(agent) {
  return /Mobile|Android|iPhone|iPad/.test(agent) ? 'phone' : 'laptop';
}
