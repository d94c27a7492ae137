kubectl patch deployment web --type=json --patch '[{"op": "replace", "path": "/spec/template/spec/containers/0/livenessProbe/httpGet/path", "value": "/readyz"}]'
kubectl rollout status deployment/web --timeout=60s
