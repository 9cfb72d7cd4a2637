import { browserAccount } from './platform/account.js';
import { browserClock, chance, randomId } from './platform/clock.js';
import { browserHttp } from './platform/http.js';
import { browserPast } from './platform/past.js';
import { browserNotifier } from './platform/notifier.js';
import { openSocket } from './platform/socket.js';
import { browserStorage } from './platform/storage.js';
import { startApp } from './views/app.js';

const http = browserHttp();
const root = document.getElementById('root');
const log = document.getElementById('log');

if (root && log) {
  const platform = {
    clock: browserClock(), storage: browserStorage(), http, chance, randomId, openSocket, notifier: browserNotifier(),
  };
  startApp({ ...platform, account: browserAccount(platform) }, root, log, browserPast());
}
