/**
 * Chromium's, which has no types here yet (W3C Trusted Types).
 * @typedef {{ createScriptURL(text: string): string }} Policy
 * @typedef {{ createPolicy(name: string, rules: Policy): Policy }} TrustedTypes
 */

/** There may be one of a name. @type {Policy | null} */
let policy = null;

/**
 * The address of a script of ours, as the browser takes it for one.
 * @param {URL} url
 * @returns {string}
 */
export function scriptUrl(url) {
  if (url.origin !== location.origin) throw new Error(`not ours: ${url.origin}`);
  const { trustedTypes } = /** @type {{ trustedTypes?: TrustedTypes }} */ (globalThis);
  if (!trustedTypes) return url.href;
  policy ??= trustedTypes.createPolicy('app', { createScriptURL: (text) => text });
  return policy.createScriptURL(url.href);
}

/**
 * The address of a script that runs beside the page, which the page itself names.
 * @param {'e2ee-worker' | 'service-worker'} name
 * @returns {string | null}
 */
export function scriptAddress(name) {
  const named = document.querySelector(`meta[name="${name}"]`)?.getAttribute('content');
  return named ? scriptUrl(new URL(named, document.baseURI)) : null;
}
