/** @typedef {import('../core/types.js').Problem} Problem */
/** @typedef {import('../core/types.js').Http} Http */

/**
 * A request that was refused or did not arrive.
 */
export class HttpError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** @type {Problem} */
const UNREACHABLE = { status: 0, code: 'unreachable', message: '' };

/**
 * JSON requests to our own origin. The CSRF token is fetched when it is first needed and again after it was refused,
 * as it is after a sign-in in another tab.
 * @returns {Http}
 */
export function browserHttp() {
  /** @type {string | null} */
  let csrf = null;

  /**
   * @param {string} path
   * @param {RequestInit} options
   * @returns {Promise<any>}
   */
  async function request(path, options) {
    let answer;
    try {
      answer = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
    } catch {
      throw new HttpError(UNREACHABLE);
    }
    const body = await answer.json().catch(() => null);
    if (answer.ok && body) return body;
    throw new HttpError(body?.code ? body : { status: answer.status, code: 'internal', message: '' });
  }

  /** @param {string} path */
  const get = (path) => request(path, {});

  /**
   * @param {'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {object} body
   */
  async function send(method, path, body) {
    csrf ??= /** @type {string} */ ((await get('/api/csrf')).csrf_token);
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf };
    return request(path, { method, headers, body: JSON.stringify(body) });
  }

  /**
   * @param {'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {object} body
   */
  async function change(method, path, body) {
    try {
      return await send(method, path, body);
    } catch (error) {
      if (!(error instanceof HttpError) || error.problem.code !== 'csrf_failed') throw error;
      csrf = null;
      return send(method, path, body);
    }
  }

  return {
    get,
    post: (path, body) => change('POST', path, body),
    put: (path, body) => change('PUT', path, body),
    patch: (path, body) => change('PATCH', path, body),
    remove: (path) => change('DELETE', path, {}),
    forget() {
      csrf = null;
    },
  };
}
