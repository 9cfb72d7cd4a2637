// Runs one scenario against a server of its own: `node run.mjs NAME [firefox]`. What it needs comes by the environment:
// SECURE_CHAT (the program), CHROMIUM and FIREFOX (the browsers), SCREENSHOTS (where pictures go).
import { Browser } from './lib/browser.mjs';
import { launch } from './lib/engines.mjs';
import { Server } from './lib/server.mjs';

const [name, kind = 'chromium'] = process.argv.slice(2);
const { default: scenario, environment = {} } = await import(`./scenarios/${name}.mjs`);
const server = await Server.start(environment);
const engine = await launch(kind);
const browser = new Browser(engine, server);
// Whatever goes wrong, the server ends with the scenario: it holds the output that the runner waits for.
process.on('exit', () => server.process.kill('SIGKILL'));
let failed = null;
try {
  await scenario({ server, browser });
  browser.check();
} catch (error) {
  failed = error;
  await browser.picture(`failed-${kind}-${name}`);
}
await engine.close();
await server.end();
if (failed) {
  console.error(failed);
  process.exit(1);
}
