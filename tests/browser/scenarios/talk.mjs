import assert from 'node:assert/strict';

/** Two people in two browsers talk both ways, in order, live; what they write is text and nothing else. */
export default async function talk({ browser }) {
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await ada.page.getByText('Say hello').waitFor();
  await bea.signUp();
  const said = [
    'Hello',
    '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
    'one line\nand another',
    'שלום עולם 👩‍👩‍👧',
    `a${'very'.repeat(60)}longword`,
    'javascript:alert(1) https://example.org/a?b=1, and more',
    '&lt;b&gt; stays as it is',
  ];
  for (const [at, text] of said.entries()) {
    const [from, to] = at % 2 === 0 ? [ada, bea] : [bea, ada];
    await from.say(text);
    await to.sees(text.split('\n')[0].slice(0, 40));
  }
  for (const person of [ada, bea]) await person.seesExactly(said);
  assert.ok(!(await ada.page.title()).includes('owned'));

  const links = await bea.page.getByRole('feed').getByRole('link').evaluateAll((all) => all.map((a) => [a.href, a.rel]));
  assert.deepEqual(links, [['https://example.org/a?b=1', 'noopener noreferrer']]);

  const own = await ada.page.locator('.msg.own').count();
  assert.equal(own, 4, 'own messages stand apart');
  for (const name of ['ada', 'bea']) await ada.page.locator('.online-sec').getByText(name).waitFor();

  // What is being written survives a reload; what was said is there again.
  await ada.composer.fill('a thought');
  await ada.page.reload();
  await ada.arrived();
  await ada.seesExactly(said);
  assert.equal(await ada.composer.inputValue(), 'a thought');

  // A message under composition by an input method is not sent by Enter; Shift+Enter makes a line.
  await ada.composer.fill('two');
  await ada.page.keyboard.press('Shift+Enter');
  await ada.page.keyboard.type('lines');
  await ada.page.keyboard.press('Enter');
  await bea.sees('two');
  await bea.seesExactly([...said, 'two\nlines']);

  // Arrows go from message to message.
  await bea.articles.last().focus();
  await bea.page.keyboard.press('ArrowUp');
  assert.equal(await bea.page.evaluate(() => document.activeElement?.textContent?.includes('stays as it is')), true);
}
