import { createMembers } from './members.js';
import { palette } from './palette.js';
import { joinDialog, leaveDialog, newMessageDialog, newRoomDialog, securityDialog } from './room_dialogs.js';
import { createRoomSettings } from './room_settings.js';
import { createSettings } from './settings.js';
import { shortcutsDialog } from './shortcuts.js';

/** What opens over the conversation or beside it, which nobody needs before they ask for it: loaded then. */
export const sheets = Object.freeze({
  createMembers, createRoomSettings, createSettings, joinDialog, leaveDialog, newMessageDialog, newRoomDialog, palette,
  securityDialog, shortcutsDialog,
});
