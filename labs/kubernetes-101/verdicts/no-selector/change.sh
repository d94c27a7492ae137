kubectl patch service web --type=json --patch '[{"op": "remove", "path": "/spec/selector"}]'
