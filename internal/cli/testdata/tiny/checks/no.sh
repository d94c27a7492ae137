echo '{"ok": false}'
