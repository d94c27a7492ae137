kubectl set image deployment/orders orders=$IMAGE_ORDERS_V2
kubectl rollout pause deployment/orders
kubectl delete pod -l app=orders --field-selector=status.phase!=Running
