import assert from 'node:assert/strict';

import { survey } from './look.mjs';

/** The description of the API as a page: every operation is there, the filter narrows them, anchors lead to them. */
export default async function docs({ server, browser }) {
  const reader = await browser.person('reader');
  const { page } = reader;
  const described = await (await fetch(`${server.address}/api/openapi.json`)).json();
  const names = Object.values(described.paths).flatMap((item) => Object.values(item).map((one) => one.operationId)).sort();
  await page.goto(`${server.address}/api/docs`);
  await page.getByRole('status').filter({ hasText: `${names.length} operations` }).waitFor();
  const shown = await page.locator('article').evaluateAll((all) => all.map((one) => one.id));
  assert.deepEqual(shown.sort(), names);
  await survey(page, 'docs');

  await page.getByRole('searchbox', { name: 'Filter the operations' }).fill('react');
  await page.getByRole('status').filter({ hasText: '1 operation' }).waitFor();
  await page.getByRole('article', { name: 'React to a message' }).waitFor();
  await page.getByText('Example').first().waitFor({ state: 'attached' });
  await page.getByRole('searchbox').fill('');

  await page.goto(`${server.address}/api/docs#schema-MessageView`);
  await page.reload();
  await page.locator('#schema-MessageView[open]').getByText('client_id').waitFor();
}
