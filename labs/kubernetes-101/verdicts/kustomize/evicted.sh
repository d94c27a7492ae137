# A Pod that the node has evicted is left over, as happens, its place taken long ago.
kubectl run evicted --image=$IMAGE_HELLO_V2 --overrides='{"spec": {"schedulerName": "nobody"}}'
kubectl patch pod evicted --subresource=status --patch '{"status": {"phase": "Failed", "reason": "Evicted"}}'
kubectl patch pod evicted --patch "$(kubectl get replicasets -l run=web -o json | jq -c '.items[0] | {metadata: {
  labels: .spec.template.metadata.labels,
  ownerReferences: [{apiVersion: "apps/v1", kind: "ReplicaSet", name: .metadata.name, uid: .metadata.uid, controller: true}]
}}')"
