import { LANGUAGE, words } from './words.js';

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
  const short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone });
  // This one stands inside sentences of the catalogue.
  const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });
  const key = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone });
  return {
    /** @param {number} at */
    time: (at) => clock.format(at),
    /** @param {number} at */
    full: (at) => full.format(at),
    /**
     * As short as a list has room for: the time, the day of the week, or the date.
     * @param {number} at
     * @param {number} now
     */
    brief(at, now) {
      if (key.format(at) === key.format(now)) return clock.format(at);
      return now - at < 6 * DAY ? weekday.format(at) : short.format(at);
    },
    /**
     * How long ago, in words.
     * @param {number} at
     * @param {number} now
     */
    ago(at, now) {
      const minutes = Math.round((now - at) / 60_000);
      if (minutes < 60) return relative.format(-minutes, 'minute');
      if (minutes < 24 * 60) return relative.format(-Math.round(minutes / 60), 'hour');
      return minutes < 7 * 24 * 60 ? relative.format(-Math.round(minutes / (24 * 60)), 'day') : short.format(at);
    },
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
