import assert from 'node:assert/strict';

/** More stops than this has no screen: the focus is caught. */
const STOPS = 80;

/** Somebody who has no mouse. Wherever the focus goes, it is seen. */
export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  /** Presses these keys, one after the other. */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
    await this.isSeen();
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** Goes on with the Tab key until the focus is there; `Shift+Tab` goes back. */
  async tabTo(target, key = 'Tab') {
    await target.waitFor();
    for (let stop = 0; stop < STOPS; stop += 1) {
      if (await this.isOn(target)) return;
      await this.press(key);
    }
    assert.fail(`${key} does not lead to ${target}; it is on ${await this.where()}`);
  }

  async isOn(target) {
    return await target.count() > 0 && target.first().evaluate((element) => element === document.activeElement);
  }

  /** Waits until the focus is there by itself, as after a dialog. */
  async comesTo(target) {
    await target.waitFor();
    const element = await target.elementHandle();
    await this.page.waitForFunction((one) => one === document.activeElement, element).catch(() => {});
    assert.ok(await this.isOn(target), `the focus is on ${await this.where()}, not on ${target}`);
    await this.isSeen();
  }

  where() {
    return this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  }

  /** The focus has a ring, or, in a field, the border around it has changed; and it is not hidden under something. */
  async isSeen() {
    const fault = await this.page.evaluate(look);
    if (fault) assert.fail(`${fault}: ${await this.where()}`);
  }
}

/** Why the focus cannot be seen, or null. */
function look() {
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused.tagName === 'DIALOG') return null;
  const hasRing = (element) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1.5 && !/, 0\)$|^transparent$/.test(outlineColor);
  };
  const around = [focused, ...(focused.labels ?? [])];
  if (focused.matches('input, textarea')) around.push(focused.closest('form, .q'));
  const isSeen = around.some((element) => element && (hasRing(element) || (element !== focused && getComputedStyle(element).boxShadow !== 'none')));
  if (!isSeen) return 'the focus has no ring';
  const box = focused.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return focused.matches('.skip, input[type=radio]') ? null : 'the focus is on something without size';
  const [x, y] = [Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1)];
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) return 'the focus is outside of the window';
  const there = document.elementFromPoint(x, y);
  const isThere = there && (focused.contains(there) || there.contains(focused) || [...(focused.labels ?? [])].some((label) => label.contains(there)));
  return isThere ? null : `the focus is hidden under ${there?.outerHTML.slice(0, 100)}`;
}
