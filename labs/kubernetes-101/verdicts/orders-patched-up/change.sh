kubectl patch deployment orders --type=json --patch '[
  {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "BATCH_SIZE", "value": "5000"}},
  {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "ORDERS_DATABASE", "value": "none"}}
]'
kubectl rollout status deployment/orders --timeout=60s
