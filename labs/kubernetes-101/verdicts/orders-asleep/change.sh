kubectl patch deployment orders --type=json --patch '[
  {"op": "remove", "path": "/spec/template/spec/containers/0/readinessProbe"},
  {"op": "add", "path": "/spec/template/spec/containers/0/command", "value": ["sleep", "3600"]}
]'
kubectl rollout status deployment/orders --timeout=60s
