# Where the token can be read: the places of the Deployment web, and the ConfigMaps. Also as base64, at whatever
# place of a longer text: of the letters of that, these depend on nothing but the token.
kubectl get deployments,configmaps --output json | jq --arg token "$PARAM_TOKEN" '
  [$token, (["", "x", "xx"][] + $token | @base64 | .[4:20])] as $forms
  | def told: type == "string" and (. as $text | any($forms[]; . as $form | $text | contains($form)));
    def shown: map(if type == "number" then "[\(.)]" else ".\(.)" end) | add | .[1:];
    def places: . as $o | [paths(told), (paths | select(last | told))] | unique | map(shown);
  {
    deployment: [.items[] | select(.kind == "Deployment" and .metadata.name == "web") | places[]],
    configMaps: [.items[] | select(.kind == "ConfigMap" and (places | length > 0)) | .metadata.name]
  }'
