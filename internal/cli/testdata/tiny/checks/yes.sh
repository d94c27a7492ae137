echo '{"ok": true}'
