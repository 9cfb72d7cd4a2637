/** What the protocol refuses, with the code that both implementations give it. */
export class E2eeError extends Error {
  /**
   * @param {string} code
   * @param {string} [detail] for the log only; never part of a comparison
   */
  constructor(code, detail) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = 'E2eeError';
    this.code = code;
  }
}

/**
 * @param {unknown} holds
 * @param {string} code
 * @param {string} [detail]
 * @returns {asserts holds}
 */
export function insist(holds, code, detail) {
  if (!holds) throw new E2eeError(code, detail);
}

/**
 * What `make` gives, and `code` in place of whatever it is refused with.
 * @template T
 * @param {string} code
 * @param {() => T | Promise<T>} make
 * @returns {Promise<T>}
 */
export async function orRefuse(code, make) {
  try {
    return await make();
  } catch (fault) {
    throw new E2eeError(code, fault instanceof Error ? fault.message : undefined);
  }
}
