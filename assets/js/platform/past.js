/**
 * The browser's history.
 * @returns {import('../core/places.js').Past}
 */
export function browserPast() {
  return {
    state: () => history.state,
    hash: () => location.hash,
    push: (state, hash) => history.pushState(state, '', hash),
    replace: (state, hash) => history.replaceState(state, '', hash || '#/'),
    back: (steps) => history.go(-steps),
    watch(turned) {
      addEventListener('popstate', turned);
      return () => removeEventListener('popstate', turned);
    },
  };
}
