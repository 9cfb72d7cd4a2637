import { browserAccount } from './platform/account.js';
import { browserClock, chance, randomId } from './platform/clock.js';
import { browserHttp } from './platform/http.js';
import { browserPast } from './platform/past.js';
import { browserNotifier } from './platform/notifier.js';
import { browserShell } from './platform/shell.js';
import { openSocket } from './platform/socket.js';
import { browserStorage } from './platform/storage.js';
import { startApp } from './views/app.js';

const http = browserHttp();
const root = document.getElementById('root');
const log = document.getElementById('log');

if (root && log) {
  const clock = browserClock();
  const platform = {
    clock, storage: browserStorage(), http, chance, randomId, openSocket, notifier: browserNotifier(),
    shell: browserShell(clock),
  };
  startApp({ ...platform, account: browserAccount(platform) }, root, log, browserPast());
}
