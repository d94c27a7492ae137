kubectl patch deployment web --type=json --patch '[{"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}}]'
kubectl rollout status deployment/web --timeout=60s
