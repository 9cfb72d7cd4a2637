import { words } from './words.js';

const DAY = 86_400_000;

/**
 * Dates in the reader's own way.
 * @param {string | undefined} [locale]
 * @param {string | undefined} [timeZone]
 */
export function dates(locale, timeZone) {
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone });
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone });
  const dayAndYear = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone });
  const key = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone });
  return {
    /** @param {number} at */
    time: (at) => clock.format(at),
    /** @param {number} at */
    full: (at) => full.format(at),
    /** @param {number} at */
    dayKey: (at) => key.format(at),
    /**
     * @param {number} at
     * @param {number} now
     */
    dayLabel(at, now) {
      if (key.format(at) === key.format(now)) return words.today;
      if (key.format(at) === key.format(now - DAY)) return words.yesterday;
      return now - at < 300 * DAY ? day.format(at) : dayAndYear.format(at);
    },
  };
}
