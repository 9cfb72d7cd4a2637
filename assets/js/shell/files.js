/**
 * The files that the page consists of, each with the SHA-256 of its content, and one hash over all of them. The build
 * puts the true ones here.
 * @type {Readonly<{ root: string, files: readonly (readonly [string, string])[] }>}
 */
export const SHELL = Object.freeze({ root: '', files: [] });
