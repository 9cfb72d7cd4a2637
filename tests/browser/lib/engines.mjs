import { chromium, firefox } from 'playwright-core';

const QUIET = [
  '--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/**
 * The browser that this machine has, driven: Chromium by its own protocol, Firefox, as its makers release it, by
 * WebDriver BiDi. Newer releases of playwright than ours ask Firefox for a command that its ESR does not have.
 * @param {string} kind `chromium` or `firefox`
 */
export function launch(kind) {
  if (kind === 'firefox') return firefox.launch({ executablePath: process.env.FIREFOX, channel: 'moz-firefox' });
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: QUIET });
}
